//! The parts of the flag score: their names in the weights file, which way each may count,
//! and what each is. The order is that of the file.

use super::words::Sign;

/// Something that speaks for or against a fast public answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// How negative the text is toward the brand.
    Negativity,
    /// How happy it is.
    Praise,
    /// One or two stars of five.
    FewStars,
    /// Four or five stars of five.
    ManyStars,
    /// The complaint head.
    Complaint,
    /// The question head.
    Question,
    /// The request head.
    Request,
    /// No head knows the language.
    NoHeads,
    /// A question mark, or the words that questions begin with.
    Asks,
    /// Words of danger.
    Safety,
    /// Words of law.
    Legal,
    /// Words of fraud.
    Fraud,
    /// Words of leaving.
    Churn,
    /// Words of making it public.
    Viral,
    /// Words of money back.
    Refund,
    /// Words of waiting.
    Waiting,
    /// Words of faults.
    Fault,
    /// Words of anger about the service.
    Service,
    /// Likes, shares and replies.
    Reach,
    /// What came to them since an earlier poll.
    Growth,
    /// The author's followers.
    Followers,
    /// On a page that buyers read.
    ReviewPage,
    /// On a page for questions.
    QuestionPage,
    /// Below something else, where few look.
    InThread,
    /// In a newspaper or a blog.
    Article,
    /// How fresh it is.
    Freshness,
    /// The author was unhappy before.
    RepeatAuthor,
}

/// Which way a part may count: more anger never lowers a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Its weight is zero or more.
    Up,
    /// Its weight is zero or less.
    Down,
    /// Either.
    Either,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 27] = [
        Self::Negativity,
        Self::Praise,
        Self::FewStars,
        Self::ManyStars,
        Self::Complaint,
        Self::Question,
        Self::Request,
        Self::NoHeads,
        Self::Asks,
        Self::Safety,
        Self::Legal,
        Self::Fraud,
        Self::Churn,
        Self::Viral,
        Self::Refund,
        Self::Waiting,
        Self::Fault,
        Self::Service,
        Self::Reach,
        Self::Growth,
        Self::Followers,
        Self::ReviewPage,
        Self::QuestionPage,
        Self::InThread,
        Self::Article,
        Self::Freshness,
        Self::RepeatAuthor,
    ];

    /// Its key in the weights file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Negativity => "negativity",
            Self::Praise => "praise",
            Self::FewStars => "few_stars",
            Self::ManyStars => "many_stars",
            Self::Complaint => "complaint",
            Self::Question => "question",
            Self::Request => "request",
            Self::NoHeads => "no_heads",
            Self::Asks => "asks",
            Self::Safety => "safety",
            Self::Legal => "legal",
            Self::Fraud => "fraud",
            Self::Churn => "churn",
            Self::Viral => "viral",
            Self::Refund => "refund",
            Self::Waiting => "waiting",
            Self::Fault => "fault",
            Self::Service => "service",
            Self::Reach => "reach",
            Self::Growth => "growth",
            Self::Followers => "followers",
            Self::ReviewPage => "review_page",
            Self::QuestionPage => "question_page",
            Self::InThread => "in_thread",
            Self::Article => "article",
            Self::Freshness => "freshness",
            Self::RepeatAuthor => "repeat_author",
        }
    }

    /// What its value is, for whoever changes the file.
    pub fn about(self) -> &'static str {
        match self {
            Self::Negativity => "log-odds of the negative verdict, from -3.9 to 3.9",
            Self::Praise => "probability of the positive verdict, from 0 to 1",
            Self::FewStars => "1 at one star of five, 0.71 at two, 0 from three on",
            Self::ManyStars => "1 at five stars of five, 0.5 at four, 0 up to three",
            Self::Complaint => "log-odds that it reads like a complaint, from -3 to 3",
            Self::Question => "log-odds that it reads like a question, from -3 to 3",
            Self::Request => "log-odds that it reads like a request, from -3 to 3",
            Self::NoHeads => "1 where no such head knows the language",
            Self::Asks => "1 with a question mark, or words that questions begin with",
            Self::Safety => "1 with words of danger or harm",
            Self::Legal => "1 with words of lawyers, courts, police, consumer offices",
            Self::Fraud => "1 with words of fraud and theft",
            Self::Churn => "1 with words of leaving for good",
            Self::Viral => "1 with words of making it public",
            Self::Refund => "1 with words of money back",
            Self::Waiting => "1 with words of waiting without an answer",
            Self::Fault => "1 with words of something that does not work",
            Self::Service => "1 with words of anger about the service",
            Self::Reach => "likes, shares and replies: 0 at none, 1 at about a thousand",
            Self::Growth => "what came to them in an hour: 0 at none, 1 at a thousand",
            Self::Followers => "the author's followers: 0 at a thousand, 1 at a million",
            Self::ReviewPage => "1 for a review, which the next buyers read",
            Self::QuestionPage => "1 for a question on a forum or a help site",
            Self::InThread => "1 for a comment or an answer, which few see",
            Self::Article => "1 for a newspaper or a blog, where nobody answers",
            Self::Freshness => "1 at the moment of the post, 0 after a day, -1 after two",
            Self::RepeatAuthor => "the author's earlier negative mentions: 0.33 at one, 1 at seven",
        }
    }

    /// Which way it may count.
    pub fn way(self) -> Way {
        match self {
            Self::Praise | Self::ManyStars | Self::InThread | Self::Article => Way::Down,
            Self::NoHeads | Self::ReviewPage | Self::QuestionPage => Way::Either,
            _ => Way::Up,
        }
    }

    /// Whether it is a word found in the text; together these count only so much.
    pub fn is_words(self) -> bool {
        Sign::ALL.iter().any(|sign| sign.part() == self)
    }
}

impl Part {
    /// Whether it asks for an answer whatever the mood of the text.
    pub(super) fn is_serious(self) -> bool {
        let mut signs = Sign::ALL.into_iter();
        signs.any(|sign| sign.part() == self && sign.is_serious())
    }
}

impl Sign {
    /// The part of the score that the sign is.
    pub(super) fn part(self) -> Part {
        match self {
            Self::Danger => Part::Safety,
            Self::Legal => Part::Legal,
            Self::Fraud => Part::Fraud,
            Self::Leaving => Part::Churn,
            Self::Viral => Part::Viral,
            Self::Refund => Part::Refund,
            Self::Waiting => Part::Waiting,
            Self::Fault => Part::Fault,
            Self::Service => Part::Service,
        }
    }
}
