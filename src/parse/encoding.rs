//! Bytes become text whatever their charset: byte-order mark, HTTP header, declaration,
//! and evidence in the bytes themselves, which outranks a declaration they contradict.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, WINDOWS_1254};

/// How far into a document its charset may be declared.
const DECLARATION_BYTES: usize = 2_048;

/// A decoded document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without byte-order mark.
    pub text: String,
    /// The encoding that was used.
    pub encoding: &'static str,
    /// Whether bytes were wrong, the declaration was, or the text was encoded twice.
    pub repaired: bool,
}

/// Decodes a document; never fails, at worst some characters are replaced.
pub fn decode(bytes: &[u8], content_type: Option<&str>) -> Decoded {
    if let Some(decoded) = decode_by_mark(bytes) {
        return decoded;
    }
    if let Some(decoded) = decode_wide(bytes) {
        return decoded;
    }
    let from_http = content_type.and_then(charset_of_content_type);
    let from_document = declared_charset(bytes);
    let decoded = decode_narrow(bytes, from_http, from_document);
    repair_double_encoding(decoded)
}

/// A byte-order mark settles the matter, except that one of UTF-8 may be a lie.
fn decode_by_mark(bytes: &[u8]) -> Option<Decoded> {
    match bytes {
        [0xff, 0xfe, 0, 0, rest @ ..] => Some(decode_utf_32(rest, u32::from_le_bytes, "UTF-32LE")),
        [0, 0, 0xfe, 0xff, rest @ ..] => Some(decode_utf_32(rest, u32::from_be_bytes, "UTF-32BE")),
        [0xff, 0xfe, rest @ ..] => Some(decode_exactly(rest, UTF_16LE)),
        [0xfe, 0xff, rest @ ..] => Some(decode_exactly(rest, UTF_16BE)),
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            let decoded = decode_narrow(rest, Some(UTF_8), None);
            Some(repair_double_encoding(decoded))
        }
        _ => None,
    }
}

/// UTF-16 and UTF-32 without a mark betray themselves by the zeros around the first `<`.
fn decode_wide(bytes: &[u8]) -> Option<Decoded> {
    match bytes {
        [0, 0, 0, b'<' | b'{', ..] => Some(decode_utf_32(bytes, u32::from_be_bytes, "UTF-32BE")),
        [b'<' | b'{', 0, 0, 0, ..] => Some(decode_utf_32(bytes, u32::from_le_bytes, "UTF-32LE")),
        [0, b'<' | b'{', 0, second, ..] if *second != 0 => Some(decode_exactly(bytes, UTF_16BE)),
        [b'<' | b'{', 0, second, 0, ..] if *second != 0 => Some(decode_exactly(bytes, UTF_16LE)),
        // "<?xm" in the charset of mainframes.
        [0x4c, 0x6f, 0xa7, 0x94, ..] => Some(Decoded {
            text: bytes
                .iter()
                .map(|byte| char::from(EBCDIC_037[usize::from(*byte)]))
                .collect(),
            encoding: "IBM037",
            repaired: false,
        }),
        _ => None,
    }
}

fn decode_exactly(bytes: &[u8], encoding: &'static Encoding) -> Decoded {
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    Decoded {
        text: text.into_owned(),
        encoding: encoding.name(),
        repaired: had_errors,
    }
}

fn decode_utf_32(bytes: &[u8], read: fn([u8; 4]) -> u32, name: &'static str) -> Decoded {
    let mut repaired = !bytes.len().is_multiple_of(4);
    let text = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|chunk| {
            char::from_u32(read(*chunk)).unwrap_or_else(|| {
                repaired = true;
                char::REPLACEMENT_CHARACTER
            })
        })
        .collect();
    Decoded {
        text,
        encoding: name,
        repaired,
    }
}

/// Charsets in which ASCII is ASCII.
fn decode_narrow(
    bytes: &[u8],
    from_http: Option<&'static Encoding>,
    from_document: Option<&'static Encoding>,
) -> Decoded {
    let declared = from_http.or(from_document);
    // Escape sequences are ASCII, so that the bytes themselves would look like UTF-8.
    if let Some(stateful) = [from_http, from_document]
        .into_iter()
        .flatten()
        .find(|encoding| !encoding.is_ascii_compatible() && !is_wide(encoding))
    {
        return decode_exactly(bytes, stateful);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        // Text in another charset is practically never valid UTF-8 by chance.
        let says_otherwise = declared.is_some_and(|declared| declared != UTF_8) && !text.is_ascii();
        return Decoded {
            text: text.to_owned(),
            encoding: UTF_8.name(),
            repaired: says_otherwise,
        };
    }
    for candidate in [from_http, from_document].into_iter().flatten() {
        if candidate == UTF_8 || is_wide(candidate) {
            continue;
        }
        // A single-byte charset accepts any bytes, so that its declaration proves nothing.
        if candidate.is_single_byte() && is_clearly_utf_8(bytes) {
            break;
        }
        let candidate = turkish_instead_of_latin(candidate, bytes);
        let (text, had_errors) = candidate.decode_without_bom_handling(bytes);
        if !had_errors {
            return Decoded {
                text: text.into_owned(),
                encoding: candidate.name(),
                repaired: false,
            };
        }
    }
    if is_mostly_utf_8(bytes) {
        return Decoded {
            text: utf_8_with_latin_islands(bytes),
            encoding: UTF_8.name(),
            repaired: true,
        };
    }
    let guess = match declared {
        Some(declared) if declared != UTF_8 && !is_wide(declared) => declared,
        _ => turkish_instead_of_latin(detect(bytes), bytes),
    };
    let (text, _) = guess.decode_without_bom_handling(bytes);
    Decoded {
        text: text.into_owned(),
        encoding: guess.name(),
        repaired: true,
    }
}

fn is_wide(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
}

/// Guesses a legacy charset from the frequency of its letters.
fn detect(bytes: &[u8]) -> &'static Encoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, chardetng::Utf8Detection::Deny)
}

/// Turkish pages often declare ISO-8859-1, from which windows-1254 differs in exactly the
/// six Turkish letters: a document that says it is Turkish means those.
fn turkish_instead_of_latin(declared: &'static Encoding, bytes: &[u8]) -> &'static Encoding {
    if declared != WINDOWS_1252 {
        return declared;
    }
    let head =
        String::from_utf8_lossy(&bytes[..bytes.len().min(DECLARATION_BYTES)]).to_ascii_lowercase();
    let says_turkish = [
        "<language>tr",
        "lang=\"tr",
        "lang='tr",
        "\"language\":\"tr",
        "<dc:language>tr",
    ]
    .iter()
    .any(|sign| head.contains(sign));
    if says_turkish { WINDOWS_1254 } else { declared }
}

/// Whether broken UTF-8 is still UTF-8: more right sequences than wrong bytes.
fn is_mostly_utf_8(bytes: &[u8]) -> bool {
    let (n_right, n_wrong) = count_sequences(bytes);
    n_right > n_wrong
}

/// Right sequences of several bytes, and wrong ones.
fn count_sequences(bytes: &[u8]) -> (usize, usize) {
    let (mut n_right, mut n_wrong) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        n_right += chunk
            .valid()
            .chars()
            .filter(|character| !character.is_ascii())
            .count();
        n_wrong += usize::from(!chunk.invalid().is_empty());
    }
    (n_right, n_wrong)
}

/// Broken UTF-8 that outweighs the declaration of another charset.
fn is_clearly_utf_8(bytes: &[u8]) -> bool {
    /// A legacy text holds a right sequence by chance once in a long while.
    const RIGHT_FOR_EACH_WRONG: usize = 4;
    let (n_right, n_wrong) = count_sequences(bytes);
    n_right > RIGHT_FOR_EACH_WRONG * n_wrong.max(1)
}

/// UTF-8 whose wrong bytes are read as windows-1252: that is where they mostly come from.
fn utf_8_with_latin_islands(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        let invalid = chunk.invalid();
        // The start of a sequence cut off in the middle is not a letter of its own.
        let is_cut = invalid.len() > 1 || chunk.valid().is_empty();
        if is_cut {
            text.push(char::REPLACEMENT_CHARACTER);
        } else {
            text.push_str(&WINDOWS_1252.decode_without_bom_handling(invalid).0);
        }
    }
    text
}

/// The charset in a `Content-Type` header, whatever quotes and spaces surround it.
fn charset_of_content_type(content_type: &str) -> Option<&'static Encoding> {
    let lower = content_type.to_ascii_lowercase();
    let after = lower
        .split_once("charset")?
        .1
        .trim_start()
        .strip_prefix('=')?;
    let label = after.trim_start().trim_start_matches(['"', '\'']);
    let end = label
        .find(['"', '\'', ';', ',', ' '])
        .unwrap_or(label.len());
    encoding_for(&label[..end])
}

/// The charset in the XML declaration or in a `<meta>`.
fn declared_charset(bytes: &[u8]) -> Option<&'static Encoding> {
    let head =
        String::from_utf8_lossy(&bytes[..bytes.len().min(DECLARATION_BYTES)]).to_ascii_lowercase();
    let start = head
        .trim_start_matches(['\u{fffd}', '\u{feff}'])
        .trim_start();
    let value = if start.starts_with("<?xml") {
        let declaration = &start[..start.find("?>")?];
        declaration.split_once("encoding")?.1
    } else {
        let meta = &start[start.find("<meta")?..];
        meta.split_once("charset")?.1
    };
    let label = value
        .trim_start()
        .strip_prefix('=')?
        .trim_start()
        .trim_start_matches(['"', '\'']);
    let end = label.find(['"', '\'', ';', '>', '/', ' ', '?'])?;
    encoding_for(&label[..end])
}

fn encoding_for(label: &str) -> Option<&'static Encoding> {
    let label = label.trim();
    Encoding::for_label(label.as_bytes()).or_else(|| {
        // Names that browsers do not know but writers of feeds use.
        let known = match label {
            "cp1250" | "win-1250" => "windows-1250",
            "cp932" | "ms932" => "shift_jis",
            "cp936" | "euc-cn" => "gbk",
            "cp949" | "uhc" => "euc-kr",
            "cp950" => "big5",
            "cp1254" | "win-1254" | "iso8859_9" => "windows-1254",
            "koi8" => "koi8-r",
            "utf8mb4" | "utf-8n" | "utf_8" => "utf-8",
            "iso8859_1" | "iso-latin-1" => "windows-1252",
            _ => return None,
        };
        Encoding::for_label(known.as_bytes())
    })
}

/// Undoes "UTF-8 read as windows-1252 and written as UTF-8 again", when everything outside
/// ASCII in the text is of that kind; a single honest letter proves that it is not.
fn repair_double_encoding(decoded: Decoded) -> Decoded {
    if decoded.text.is_ascii() {
        return decoded;
    }
    let mut repaired = String::with_capacity(decoded.text.len());
    let mut run = Vec::new();
    for character in decoded.text.chars().chain(std::iter::once(' ')) {
        if !character.is_ascii() {
            let Some(byte) = byte_in_1252(character) else {
                return decoded;
            };
            run.push(byte);
            continue;
        }
        if !run.is_empty() {
            let Ok(text) = std::str::from_utf8(&run) else {
                return decoded;
            };
            repaired.push_str(text);
            run.clear();
        }
        repaired.push(character);
    }
    repaired.pop();
    Decoded {
        text: repaired,
        encoding: decoded.encoding,
        repaired: true,
    }
}

/// The byte that windows-1252 writes for a character, unassigned ones included.
fn byte_in_1252(character: char) -> Option<u8> {
    let code = u32::from(character);
    if (0x80..=0xff).contains(&code) {
        return u8::try_from(code).ok();
    }
    let mut buffer = [0; 4];
    let (bytes, _, unmappable) = WINDOWS_1252.encode(character.encode_utf8(&mut buffer));
    match (unmappable, bytes.as_ref()) {
        (false, [byte]) => Some(*byte),
        _ => None,
    }
}

/// What the bytes of EBCDIC code page 037 mean in Latin-1.
const EBCDIC_037: [u8; 256] = [
    0x00, 0x01, 0x02, 0x03, 0x9c, 0x09, 0x86, 0x7f, 0x97, 0x8d, 0x8e, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
    0x10, 0x11, 0x12, 0x13, 0x9d, 0x85, 0x08, 0x87, 0x18, 0x19, 0x92, 0x8f, 0x1c, 0x1d, 0x1e, 0x1f,
    0x80, 0x81, 0x82, 0x83, 0x84, 0x0a, 0x17, 0x1b, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x05, 0x06, 0x07,
    0x90, 0x91, 0x16, 0x93, 0x94, 0x95, 0x96, 0x04, 0x98, 0x99, 0x9a, 0x9b, 0x14, 0x15, 0x9e, 0x1a,
    0x20, 0xa0, 0xe2, 0xe4, 0xe0, 0xe1, 0xe3, 0xe5, 0xe7, 0xf1, 0xa2, 0x2e, 0x3c, 0x28, 0x2b, 0x7c,
    0x26, 0xe9, 0xea, 0xeb, 0xe8, 0xed, 0xee, 0xef, 0xec, 0xdf, 0x21, 0x24, 0x2a, 0x29, 0x3b, 0xac,
    0x2d, 0x2f, 0xc2, 0xc4, 0xc0, 0xc1, 0xc3, 0xc5, 0xc7, 0xd1, 0xa6, 0x2c, 0x25, 0x5f, 0x3e, 0x3f,
    0xf8, 0xc9, 0xca, 0xcb, 0xc8, 0xcd, 0xce, 0xcf, 0xcc, 0x60, 0x3a, 0x23, 0x40, 0x27, 0x3d, 0x22,
    0xd8, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0xab, 0xbb, 0xf0, 0xfd, 0xfe, 0xb1,
    0xb0, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0xaa, 0xba, 0xe6, 0xb8, 0xc6, 0xa4,
    0xb5, 0x7e, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0xa1, 0xbf, 0xd0, 0xdd, 0xde, 0xae,
    0x5e, 0xa3, 0xa5, 0xb7, 0xa9, 0xa7, 0xb6, 0xbc, 0xbd, 0xbe, 0x5b, 0x5d, 0xaf, 0xa8, 0xb4, 0xd7,
    0x7b, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0xad, 0xf4, 0xf6, 0xf2, 0xf3, 0xf5,
    0x7d, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x50, 0x51, 0x52, 0xb9, 0xfb, 0xfc, 0xf9, 0xfa, 0xff,
    0x5c, 0xf7, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0xb2, 0xd4, 0xd6, 0xd2, 0xd3, 0xd5,
    0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0xb3, 0xdb, 0xdc, 0xd9, 0xda, 0x9f,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], content_type: Option<&str>, text: &str, encoding: &str) {
        let decoded = decode(bytes, content_type);
        assert_eq!((decoded.text.as_str(), decoded.encoding), (text, encoding));
    }

    fn encoded(text: &str, encoding: &'static Encoding) -> Vec<u8> {
        encoding.encode(text).0.into_owned()
    }

    #[test]
    fn marks_and_zeros_tell_the_wide_charsets() {
        check(b"\xef\xbb\xbf<a>\xc3\xa9</a>", None, "<a>é</a>", "UTF-8");
        check(b"\xff\xfe<\0a\0>\0", None, "<a>", "UTF-16LE");
        check(b"\0<\0a\0>", None, "<a>", "UTF-16BE");
        check(b"<\0\0\0a\0\0\0", None, "<a", "UTF-32LE");
        check(b"\0\0\xfe\xff\0\0\0<", None, "<", "UTF-32BE");
    }

    #[test]
    fn declarations_are_obeyed_unless_the_bytes_contradict() {
        let turkish = "<?xml version='1.0' encoding='iso-8859-9'?><t>şikâyet ığ</t>";
        check(
            &encoded(turkish, WINDOWS_1254),
            None,
            turkish,
            "windows-1254",
        );
        let plain = "<t>şikâyet ığ</t>";
        check(
            &encoded(plain, WINDOWS_1254),
            Some("application/rss+xml; charset=\"windows-1254\""),
            plain,
            "windows-1254",
        );
        let wrong = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><t>naïve</t>";
        check(wrong.as_bytes(), None, wrong, "UTF-8");
        let russian = "<?xml version=\"1.0\" encoding=\"koi8-r\"?><t>жалоба на сервис</t>";
        check(
            &encoded(russian, encoding_rs::KOI8_R),
            None,
            russian,
            "KOI8-R",
        );
    }

    #[test]
    fn every_charset_is_read_declared_by_whichever_means() {
        let turkish = "şikâyet: ürün bozuk çıktı, iade etmediler ığ";
        let russian = "Жалоба на плохой сервис и долгое ожидание";
        let japanese = "お客様からの苦情について、対応が遅いと思います。";
        for (encoding, label, text) in [
            (WINDOWS_1254, "windows-1254", turkish),
            (WINDOWS_1254, "ISO-8859-9", turkish),
            (WINDOWS_1254, "latin5", turkish),
            (encoding_rs::KOI8_R, "KOI8-R", russian),
            (encoding_rs::WINDOWS_1251, "windows-1251", russian),
            (encoding_rs::ISO_8859_5, "ISO-8859-5", russian),
            (encoding_rs::SHIFT_JIS, "Shift_JIS", japanese),
            (encoding_rs::SHIFT_JIS, "ms932", japanese),
            (encoding_rs::EUC_JP, "EUC-JP", japanese),
            (encoding_rs::ISO_2022_JP, "ISO-2022-JP", japanese),
            (encoding_rs::GBK, "GB2312", "客户投诉：服务太慢了"),
            (encoding_rs::GB18030, "gb18030", "客户投诉：服务太慢了"),
            (encoding_rs::BIG5, "Big5", "客戶投訴：服務太慢"),
            (
                encoding_rs::EUC_KR,
                "EUC-KR",
                "고객 불만: 서비스가 너무 느립니다",
            ),
            (encoding_rs::WINDOWS_1255, "windows-1255", "תלונה על שירות"),
            (encoding_rs::WINDOWS_1256, "windows-1256", "شكوى من الخدمة"),
            (
                encoding_rs::WINDOWS_1252,
                "ISO-8859-1",
                "réclamation à côté",
            ),
        ] {
            let xml = format!("<?xml version=\"1.0\" encoding=\"{label}\"?><t>{text}</t>");
            check(&encoded(&xml, encoding), None, &xml, encoding.name());
            let meta = format!("<html><head><meta charset=\"{label}\"></head>{text}</html>");
            check(&encoded(&meta, encoding), None, &meta, encoding.name());
            let equiv = format!(
                "<meta http-equiv='Content-Type' content='text/html; charset={label}'><p>{text}"
            );
            check(&encoded(&equiv, encoding), None, &equiv, encoding.name());
            let bare = format!("<t>{text}</t>");
            let header = format!("text/xml; charset={label}");
            check(
                &encoded(&bare, encoding),
                Some(&header),
                &bare,
                encoding.name(),
            );
            // HTTP outranks what the document says, unless the bytes prove it wrong.
            let other = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><t>{text}</t>");
            check(
                &encoded(&other, encoding),
                Some(&header),
                &other,
                encoding.name(),
            );
        }
        for text in [turkish, russian, japanese] {
            let wide = |bytes: &dyn Fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
                let text = format!(
                    "{}<?xml version=\"1.0\" encoding=\"utf-16\"?><t>{text}</t>",
                    if mark { "\u{feff}" } else { "" }
                );
                text.encode_utf16().flat_map(bytes).collect()
            };
            let expected = format!("<?xml version=\"1.0\" encoding=\"utf-16\"?><t>{text}</t>");
            for mark in [true, false] {
                check(&wide(&u16::to_le_bytes, mark), None, &expected, "UTF-16LE");
                check(&wide(&u16::to_be_bytes, mark), None, &expected, "UTF-16BE");
            }
            // A byte-order mark outranks everybody.
            let marked = format!("\u{feff}<t>{text}</t>");
            let bare = format!("<t>{text}</t>");
            check(
                marked.as_bytes(),
                Some("text/xml; charset=koi8-r"),
                &bare,
                "UTF-8",
            );
            // UTF-8 that was taken for windows-1252 and encoded again.
            if let (twice, _, false) = WINDOWS_1252.decode(bare.as_bytes()) {
                check(twice.as_bytes(), None, &bare, "UTF-8");
            }
        }
    }

    #[test]
    fn a_turkish_document_that_says_latin_1_is_read_as_turkish() {
        let text =
            "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><language>tr</language><t>şikâyet</t>";
        check(&encoded(text, WINDOWS_1254), None, text, "windows-1254");
    }

    #[test]
    fn undeclared_legacy_text_is_guessed() {
        let text = "<rss><title>Жалоба на плохой сервис и долгое ожидание ответа</title></rss>";
        check(
            &encoded(text, encoding_rs::WINDOWS_1251),
            None,
            text,
            "windows-1251",
        );
        let text = "<rss><title>お客様からの苦情について、対応が遅いと思います。</title></rss>";
        check(
            &encoded(text, encoding_rs::SHIFT_JIS),
            None,
            text,
            "Shift_JIS",
        );
    }

    #[test]
    fn single_wrong_bytes_in_utf_8_are_latin_letters() {
        let decoded = decode(b"<t>caf\xe9 \xe2\x80\x99 \xe2\x80\x99</t>", None);
        assert_eq!(decoded.text, "<t>café ’ ’</t>");
        assert!(decoded.repaired);
    }

    #[test]
    fn text_encoded_twice_is_repaired_only_when_all_of_it_is() {
        check(
            "<t>cafÃ© donâ€™t</t>".as_bytes(),
            None,
            "<t>café don’t</t>",
            "UTF-8",
        );
        check(
            "<t>cafÃ© naïve</t>".as_bytes(),
            None,
            "<t>cafÃ© naïve</t>",
            "UTF-8",
        );
        check("Ş Ã©".as_bytes(), None, "Ş Ã©", "UTF-8");
    }
}
