//! The signs that a text needs an answer, and the words around them that take them back.
//! The phrases themselves stand in `phrases_main`, `phrases_more` and `phrases_public`.

/// What a phrase gives away, with its reason; `Part` says how much it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Sign {
    /// Somebody may be hurt.
    Danger,
    /// Lawyers, courts, police, consumer offices.
    Legal,
    /// Fraud and theft.
    Fraud,
    /// Will make it public, or asks others to.
    Viral,
    /// Wants money back.
    Refund,
    /// Waits for an answer or a parcel.
    Waiting,
    /// Will not come back.
    Leaving,
    /// Something does not work.
    Fault,
    /// Anger about the service.
    Service,
}

impl Sign {
    /// Every sign.
    pub(super) const ALL: [Self; 9] = [
        Self::Danger,
        Self::Legal,
        Self::Fraud,
        Self::Viral,
        Self::Refund,
        Self::Waiting,
        Self::Leaving,
        Self::Fault,
        Self::Service,
    ];

    /// Whether it asks for an answer whatever the mood of the text.
    pub(super) fn is_serious(self) -> bool {
        matches!(
            self,
            Self::Danger | Self::Legal | Self::Fraud | Self::Refund
        )
    }

    /// The beginning of the reason; the words found follow.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Danger => "speaks of danger or harm",
            Self::Legal => "threatens with the law",
            Self::Fraud => "speaks of fraud",
            Self::Viral => "is about to make it public",
            Self::Refund => "asks for a refund",
            Self::Waiting => "is still waiting",
            Self::Leaving => "is about to leave",
            Self::Fault => "reports a fault",
            Self::Service => "complains about the service",
        }
    }
}

/// Words in front of which a phrase means nothing: "not a scam", "no problem".
pub(super) const NEGATIONS: &[&str] = &[
    "not", "no", "never", "without", "isn", "wasn", "aren", "don", "doesn", "didn", "hardly",
    "zero", "hic", "bina", "kein", "keine", "nicht", "sin", "sem", "sans", "senza", "بدون", "بلا",
];

/// Words behind which a phrase means nothing, in languages that negate at the end.
pub(super) const NEGATIONS_BEHIND: &[&str] = &[
    "degil",
    "yok",
    "olmadi",
    "yasamadim",
    "नहीं",
    "nahi",
    "nhi",
    "లేదు",
    "ledu",
    "లేవు",
    "levu",
];

/// How questions begin when nobody types the sign.
pub(super) const QUESTIONS: &[&str] = &[
    "how do i",
    "how can i",
    "how long",
    "when will",
    "when is",
    "why is",
    "why does",
    "why do",
    "why am i",
    "where is",
    "where s my",
    "can you",
    "could you",
    "can someone",
    "can anyone",
    "does anyone",
    "anyone else",
    "what is going on",
    "what s going on",
    "ne zaman",
    "neden",
    "nicin",
    "nasil",
    "nerede",
    "क्यों",
    "कब",
    "कैसे",
    "कहाँ",
    "कहां",
    "kab tak",
    "kab",
    "kyu",
    "kyun",
    "kyon",
    "kaise",
    "kaha hai",
    "ఎప్పుడు",
    "ఎందుకు",
    "ఎలా",
    "ఎక్కడ",
    "eppudu",
    "enduku",
    "ekkada",
    "cuando",
    "por que",
    "quando",
    "warum",
    "wann",
    "pourquoi",
    "quand",
    "perche",
    "متى",
    "لماذا",
    "ليش",
];
