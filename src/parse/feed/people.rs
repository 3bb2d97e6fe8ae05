//! Authors as feeds write them: structured, or free text such as `a@example.org (Ann)`.

use crate::domain::Author;

/// An author from free text.
pub(super) fn from_text(text: &str) -> Option<Author> {
    let text = crate::parse::text::plain_title(text, crate::parse::text::looks_like_html(text));
    let text = text.trim();
    // `ann@example.org (Ann)` and `Ann (ann@example.org)`
    if let Some((outside, inside)) = text
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once('('))
    {
        let (outside, inside) = (outside.trim(), inside.trim());
        if is_email(outside) && !inside.is_empty() {
            return from_parts(Some(inside), Some(outside), None);
        }
        if is_email(inside) && !outside.is_empty() {
            return from_parts(Some(outside), Some(inside), None);
        }
    }
    // `Ann <ann@example.org>`
    if let Some((outside, inside)) = text
        .strip_suffix('>')
        .and_then(|rest| rest.rsplit_once('<'))
        && is_email(inside.trim())
    {
        let name = outside.trim().trim_matches('"');
        return from_parts(Some(name), Some(inside.trim()), None);
    }
    if is_email(text) {
        return from_parts(None, Some(text), None);
    }
    // `ann@example.org Ann`
    if let Some((first, rest)) = text.split_once(' ')
        && is_email(first)
        && !rest.trim().is_empty()
    {
        return from_parts(Some(rest.trim()), Some(first), None);
    }
    from_parts(Some(text), None, None)
}

/// An author from separate fields. An address stands for a missing name.
pub(super) fn from_parts(
    name: Option<&str>,
    email: Option<&str>,
    url: Option<String>,
) -> Option<Author> {
    let name = name
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .or(email)?;
    let handle = name
        .strip_prefix('/')
        .filter(|rest| rest.starts_with("u/"))
        .or_else(|| (name.starts_with('@') && !name.contains(char::is_whitespace)).then_some(name));
    Some(Author {
        name: Some(name.to_owned()),
        handle: handle.map(str::to_owned),
        url,
        followers: None,
    })
}

/// Several authors as one: all names, the first one's account and page.
pub(super) fn together(authors: impl Iterator<Item = Option<Author>>) -> Option<Author> {
    let authors: Vec<Author> = authors.flatten().collect();
    let has_name = |author: &Author| author.name.as_deref().is_some_and(|name| !is_email(name));
    // An address is a name only where nobody has one.
    let named = authors.iter().any(has_name);
    let mut authors = authors
        .into_iter()
        .filter(|author| !named || has_name(author));
    let mut first = authors.next()?;
    for other in authors {
        if let (Some(names), Some(name)) = (&mut first.name, other.name)
            && !names.split(", ").any(|known| known == name)
        {
            names.push_str(", ");
            names.push_str(&name);
        }
    }
    Some(first)
}

fn is_email(text: &str) -> bool {
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    text.split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && host.contains('.'))
        && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_addresses() {
        for (text, name) in [
            ("ann@example.org (Ann Lee)", Some("Ann Lee")),
            ("Ann Lee (ann@example.org)", Some("Ann Lee")),
            ("Ann Lee <ann@example.org>", Some("Ann Lee")),
            ("ann@example.org", Some("ann@example.org")),
            ("ann@example.org Ann", Some("Ann")),
            ("Ann (the other)", Some("Ann (the other)")),
            ("  ", None),
        ] {
            let author = from_text(text);
            assert_eq!(
                author.and_then(|author| author.name).as_deref(),
                name,
                "{text:?}"
            );
        }
    }

    #[test]
    fn accounts_are_recognised() {
        let handle = |text| from_text(text).and_then(|author| author.handle);
        assert_eq!(handle("/u/alice").as_deref(), Some("u/alice"));
        assert_eq!(
            handle("@alice@example.org").as_deref(),
            Some("@alice@example.org")
        );
        assert_eq!(handle("alice"), None);
    }
}
