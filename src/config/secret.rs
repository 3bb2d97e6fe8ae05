//! Secrets of the file: written out, in an environment variable, or in a file of their own.
//! Messages name the variable or the file, never a value.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::read::{Fields, Keys, Placed};
use super::{GivenSecret, SecretOrigin};
use crate::domain::Secret;

/// Far above any key or token; a larger file was named by mistake.
const SECRET_FILE_LIMIT_BYTES: u64 = 64 * 1024;

const REFERENCE: Keys = Keys {
    table: "a secret",
    known: &["env", "file"],
    later: &[],
    otherwise: None,
};

impl<'r, 'a> Fields<'r, 'a> {
    /// A text, `{ env = "NAME" }` or `{ file = "path" }`.
    pub(super) fn secret(&self, name: &str, example: &str) -> Option<Placed<GivenSecret>> {
        self.read_secret(self.value(name)?, example)
    }

    /// One secret or a list of them.
    pub(super) fn secrets(&self, name: &str, example: &str) -> Vec<Placed<GivenSecret>> {
        let Some(place) = self.value(name) else {
            return Vec::new();
        };
        let DeValue::Array(array) = place.value else {
            return self.read_secret(place, example).into_iter().collect();
        };
        if array.is_empty() {
            self.reader.problem(
                &place,
                "is an empty list",
                format!("write {example} or remove it"),
            );
        }
        array
            .iter()
            .enumerate()
            .filter_map(|(index, element)| {
                self.read_secret(
                    self.placed(format!("{}[{index}]", place.key), element),
                    example,
                )
            })
            .collect()
    }

    /// Reads a secret that was found already.
    pub(super) fn read_secret(
        &self,
        place: Placed<&'r DeValue<'a>>,
        example: &str,
    ) -> Option<Placed<GivenSecret>> {
        match place.value {
            DeValue::String(text) if text.trim().is_empty() => {
                self.reader
                    .problem(&place, "is empty", format!("write {example}"));
                None
            }
            DeValue::String(text) => Some(place.with(GivenSecret {
                value: Secret::new(text.trim()),
                origin: SecretOrigin::Text,
            })),
            DeValue::Table(table) => self.referenced_secret(&place, table, example),
            _ => {
                self.wrong_type(&place, "a text in quotes or a reference", example);
                None
            }
        }
    }

    fn referenced_secret(
        &self,
        place: &Placed<&'r DeValue<'a>>,
        table: &'r DeTable<'a>,
        example: &str,
    ) -> Option<Placed<GivenSecret>> {
        let fields = Fields::open(
            self.reader,
            table,
            place.key.clone(),
            place.line,
            &REFERENCE,
        );
        let variable = fields.text("env", "env = \"NAME\"");
        let file = fields.text("file", "file = \"path\"");
        match (variable, file) {
            (Some(variable), None) => self.secret_from_environment(&variable),
            (None, Some(file)) => self.secret_from_file(&file),
            (Some(_), Some(_)) => {
                self.reader.problem(
                    place,
                    "names both a variable and a file",
                    "keep one of `env` and `file`",
                );
                None
            }
            (None, None) => {
                // Whatever else stands there has been reported already.
                if table.is_empty() {
                    self.reader
                        .problem(place, "names no secret", format!("write {example}"));
                }
                None
            }
        }
    }

    fn secret_from_environment(&self, name: &Placed<String>) -> Option<Placed<GivenSecret>> {
        match (self.reader.environment)(&name.value).map(|value| value.trim().to_owned()) {
            Some(value) if !value.is_empty() => Some(name.with(GivenSecret {
                value: Secret::new(value),
                origin: SecretOrigin::Env(name.value.clone()),
            })),
            Some(_) => {
                self.reader.problem(
                    name,
                    format!("the environment variable {} is empty", name.value),
                    "give it a value before starting hearken",
                );
                None
            }
            None => {
                self.reader.problem(
                    name,
                    format!("the environment variable {} is not set", name.value),
                    "set it before starting hearken",
                );
                None
            }
        }
    }

    fn secret_from_file(&self, path: &Placed<String>) -> Option<Placed<GivenSecret>> {
        match secret_file_text(&self.reader.beside_the_file(&path.value)) {
            Ok(value) => Some(path.with(GivenSecret {
                value: Secret::new(value),
                origin: SecretOrigin::File(PathBuf::from(&path.value)),
            })),
            Err(why) => {
                self.reader.problem(
                    path,
                    format!("`{}` {why}", path.value),
                    "write the path of a file that holds only the secret",
                );
                None
            }
        }
    }
}

fn secret_file_text(path: &Path) -> Result<String, String> {
    let described = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
        _ => format!("cannot be read ({error})"),
    };
    let about = std::fs::metadata(path).map_err(described)?;
    if !about.is_file() {
        return Err("is not a file".to_owned());
    }
    if about.len() > SECRET_FILE_LIMIT_BYTES {
        return Err(format!("is larger than {SECRET_FILE_LIMIT_BYTES} bytes"));
    }
    let text = std::fs::read_to_string(path).map_err(described)?;
    match text.trim() {
        "" => Err("is empty".to_owned()),
        text => Ok(text.to_owned()),
    }
}
