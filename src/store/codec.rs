//! Values as bytes: one format tag, then JSON, compressed where that makes it smaller.
//! JSON because a row written today must be readable after a field was added.

use serde::{Serialize, de::DeserializeOwned};

use super::error::{RowError, StoreError};

/// JSON as it is: short rows do not shrink.
const PLAIN: u8 = 0;
/// The length as four little-endian bytes, then JSON in one LZ4 block.
const LZ4: u8 = 1;
/// Shorter values are not worth a try.
const COMPRESS_FROM_BYTES: usize = 128;
/// No row comes near this; a damaged length must not reserve gigabytes.
const LIMIT_BYTES: usize = 256 * 1024 * 1024;

/// Turns a value into the bytes of a row.
pub(super) fn encode(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_vec(value).map_err(StoreError::Encode)?;
    if json.len() >= COMPRESS_FROM_BYTES {
        let packed = lz4_flex::compress_prepend_size(&json);
        if packed.len() < json.len() {
            return Ok(tagged(LZ4, &packed));
        }
    }
    Ok(tagged(PLAIN, &json))
}

fn tagged(format: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + body.len());
    bytes.push(format);
    bytes.extend_from_slice(body);
    bytes
}

/// Reads a row; `table` and `key` are for the error only.
pub(super) fn decode<T: DeserializeOwned>(
    table: &'static str,
    key: &[u8],
    bytes: &[u8],
) -> Result<T, StoreError> {
    read(bytes).map_err(|source| damaged(table, key, source))
}

/// The error of a row that cannot be used.
pub(super) fn damaged(table: &'static str, key: &[u8], source: RowError) -> StoreError {
    StoreError::Row {
        table,
        key: key.escape_ascii().to_string(),
        source,
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, RowError> {
    match bytes.split_first() {
        Some((&PLAIN, json)) => serde_json::from_slice(json).map_err(RowError::Json),
        Some((&LZ4, packed)) => {
            let (n_bytes, block) =
                lz4_flex::block::uncompressed_size(packed).map_err(RowError::Compression)?;
            if n_bytes > LIMIT_BYTES {
                return Err(RowError::TooLarge(n_bytes));
            }
            let json =
                lz4_flex::block::decompress(block, n_bytes).map_err(RowError::Compression)?;
            serde_json::from_slice(&json).map_err(RowError::Json)
        }
        other => Err(RowError::Format(other.map(|(tag, _)| *tag))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_went_in() {
        for text in [
            "",
            "kısa",
            &"Ürün çok kötü. ".repeat(400),
            &"x".repeat(3_000_000),
        ] {
            let bytes = encode(&text).expect("text can be stored");
            let back: String = decode("texts", b"k", &bytes).expect("it was just written");
            assert_eq!(back, text);
        }
    }

    #[test]
    fn long_texts_are_compressed_and_short_ones_are_not() {
        let long = encode(&"same words again ".repeat(100)).expect("text can be stored");
        assert_eq!(long[0], LZ4);
        assert!(long.len() < 200, "{} bytes", long.len());
        assert_eq!(encode(&"short").expect("text can be stored")[0], PLAIN);
    }

    #[track_caller]
    fn check_damaged(bytes: &[u8], expected: &str) {
        let error = decode::<String>("texts", b"key\x01", bytes).expect_err("the row is damaged");
        let StoreError::Row { table, key, source } = error else {
            panic!("not a row error: {error}");
        };
        assert_eq!((table, key.as_str()), ("texts", "key\\x01"));
        assert_eq!(source.to_string(), expected);
    }

    #[test]
    fn damaged_rows_are_named() {
        check_damaged(b"", "its format tag is None");
        check_damaged(&[9, 1, 2], "its format tag is Some(9)");
        check_damaged(&[PLAIN, b'{'], "its text does not fit");
        check_damaged(&[LZ4, 1], "it cannot be decompressed");
        check_damaged(&[LZ4, 9, 0, 0, 0, 255, 255], "it cannot be decompressed");
        check_damaged(
            &[LZ4, 255, 255, 255, 255, 0],
            "it announces 4294967295 bytes",
        );
    }
}
