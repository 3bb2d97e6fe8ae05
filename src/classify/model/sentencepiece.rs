//! The two parts of a SentencePiece file that a tokenizer needs: its pieces with their
//! scores, and the table of its normaliser. The format is `sentencepiece_model.proto`;
//! for two fields of it a protobuf compiler would be much.

/// What is needed of the file.
pub(super) struct Model {
    /// Every piece with its log-probability, in the order of their ids.
    pub(super) pieces: Vec<(String, f64)>,
    /// The compiled table of the normaliser; empty when there is none.
    pub(super) normalizer: Vec<u8>,
}

/// Field numbers of `ModelProto`, `SentencePiece` and `NormalizerSpec`.
const PIECES: u64 = 1;
const NORMALIZER: u64 = 3;
const PIECE: u64 = 1;
const SCORE: u64 = 2;
const CHARS_MAP: u64 = 2;

/// Reads a file.
///
/// # Errors
/// A sentence when it is cut off or something else.
pub(super) fn read(bytes: &[u8]) -> Result<Model, String> {
    let mut model = Model {
        pieces: Vec::new(),
        normalizer: Vec::new(),
    };
    for field in fields(bytes) {
        match field? {
            (PIECES, Content::Bytes(bytes)) => model.pieces.push(piece(bytes)?),
            (NORMALIZER, Content::Bytes(bytes)) => {
                for field in fields(bytes) {
                    if let (CHARS_MAP, Content::Bytes(bytes)) = field? {
                        model.normalizer = bytes.to_owned();
                    }
                }
            }
            _ => (),
        }
    }
    if model.pieces.len() < 4 {
        return Err("it holds no pieces: it is no SentencePiece model".to_owned());
    }
    Ok(model)
}

fn piece(bytes: &[u8]) -> Result<(String, f64), String> {
    let (mut text, mut score) = (String::new(), 0.0);
    for field in fields(bytes) {
        match field? {
            (PIECE, Content::Bytes(bytes)) => {
                text = String::from_utf8(bytes.to_owned())
                    .map_err(|_| "a piece of it is no text".to_owned())?;
            }
            (SCORE, Content::Four(bytes)) => score = f64::from(f32::from_le_bytes(bytes)),
            _ => (),
        }
    }
    Ok((text, score))
}

enum Content<'a> {
    Number,
    Four([u8; 4]),
    Bytes(&'a [u8]),
}

/// The fields of a message: wire types 0, 1, 2 and 5.
fn fields(mut rest: &[u8]) -> impl Iterator<Item = Result<(u64, Content<'_>), String>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = next_field(&mut rest);
        if field.is_none() {
            rest = &[];
        }
        Some(field.ok_or_else(|| "it is cut off or no SentencePiece model".to_owned()))
    })
}

fn next_field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Content<'a>)> {
    let key = number(rest)?;
    let content = match key & 7 {
        0 => {
            number(rest)?;
            Content::Number
        }
        1 => {
            take(rest, 8)?;
            Content::Number
        }
        2 => {
            let n_bytes = usize::try_from(number(rest)?).ok()?;
            Content::Bytes(take(rest, n_bytes)?)
        }
        5 => Content::Four(take(rest, 4)?.try_into().ok()?),
        _ => return None,
    };
    Some((key >> 3, content))
}

fn take<'a>(rest: &mut &'a [u8], n_bytes: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(n_bytes)?;
    *rest = left;
    Some(taken)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *take(rest, 1)?.first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of bytes shorter than 128.
    fn bytes_field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut field = vec![(number << 3) | 2, bytes.len() as u8];
        field.extend(bytes);
        field
    }

    fn file() -> Vec<u8> {
        let mut file = Vec::new();
        for (text, score) in [
            ("<unk>", 0.0_f32),
            ("<s>", 0.0),
            ("</s>", 0.0),
            ("▁good", -2.5),
        ] {
            let mut piece = bytes_field(1, text.as_bytes());
            piece.push((2 << 3) | 5);
            piece.extend(score.to_le_bytes());
            piece.extend([3 << 3, 1]);
            file.extend(bytes_field(1, &piece));
        }
        file.extend(bytes_field(3, &bytes_field(2, b"table")));
        file
    }

    #[test]
    fn pieces_and_the_normaliser_are_read() {
        let model = read(&file()).expect("it is whole");
        assert_eq!(model.pieces.len(), 4);
        assert_eq!(model.pieces[3], ("▁good".to_owned(), -2.5));
        assert_eq!(model.normalizer, b"table");
    }

    #[test]
    fn a_broken_file_is_told() {
        let file = file();
        assert!(read(&file[..file.len() - 3]).is_err());
        assert!(read(b"").is_err());
        assert!(read(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff").is_err());
    }
}
