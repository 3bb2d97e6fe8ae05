//! Start tags the way they are really written: values without quotes, names without
//! values, stray slashes, and brackets that open no tag at all.

/// A start tag as written.
pub(super) struct Tag<'a> {
    pub(super) name: String,
    /// Names and values as written, references not decoded.
    pub(super) attributes: Vec<(&'a str, &'a str)>,
    pub(super) is_empty: bool,
    /// Whether XML would not have accepted it.
    pub(super) is_odd: bool,
    pub(super) length: usize,
}

impl<'a> Tag<'a> {
    /// Reads the tag that a text starts with; `None` when the bracket opens none.
    pub(super) fn at_start_of(text: &'a str) -> Option<Self> {
        let is_of_name = |character: char| {
            character.is_alphanumeric() || matches!(character, ':' | '_' | '-' | '.')
        };
        let after_bracket = &text[1..];
        let name_length = after_bracket.find(|character| !is_of_name(character))?;
        let name = &after_bracket[..name_length];
        if !name.starts_with(|first: char| first.is_alphabetic() || first == '_' || first == ':') {
            return None;
        }
        let mut tag = Self {
            name: name.to_owned(),
            attributes: Vec::new(),
            is_empty: false,
            is_odd: false,
            length: 0,
        };
        let mut at = 1 + name_length;
        loop {
            at += text[at..].len() - text[at..].trim_start().len();
            let rest = &text[at..];
            if rest.starts_with('>') {
                tag.length = at + 1;
                return Some(tag);
            }
            if rest.starts_with("/>") {
                tag.is_empty = true;
                tag.length = at + 2;
                return Some(tag);
            }
            if rest.is_empty() || rest.starts_with('<') {
                // Cut off, or the next tag starts inside this one.
                tag.is_odd = true;
                tag.length = at;
                return (!rest.is_empty() && !tag.attributes.is_empty()).then_some(tag);
            }
            let name_end = rest
                .find(|character: char| {
                    character.is_whitespace()
                        || matches!(character, '=' | '>' | '/' | '<' | '"' | '\'')
                })
                .unwrap_or(rest.len());
            if name_end == 0 {
                // A stray quote, slash or equals sign.
                tag.is_odd = true;
                at += 1;
                continue;
            }
            let attribute = &rest[..name_end];
            let after_name = rest[name_end..].trim_start();
            let Some(value) = after_name.strip_prefix('=') else {
                tag.is_odd = true;
                tag.attributes.push((attribute, ""));
                at += name_end;
                continue;
            };
            let value = value.trim_start();
            let value_at = text.len() - value.len();
            let (content, length) = match value.chars().next() {
                Some(quote @ ('"' | '\'')) => match value[1..].find(quote) {
                    Some(end) => (&value[1..=end], end + 2),
                    None => {
                        tag.is_odd = true;
                        let end = value.find('>').unwrap_or(value.len());
                        (&value[1..end.max(1)], end.max(1))
                    }
                },
                _ => {
                    tag.is_odd = true;
                    let end = value
                        .find(|character: char| character.is_whitespace() || character == '>')
                        .unwrap_or(value.len());
                    (&value[..end], end)
                }
            };
            tag.attributes.push((attribute, content));
            at = value_at + length;
        }
    }
}
