//! A definition for tests of reading.

use crate::domain::{Definition, Format, Kind, Limits, Request, Verified};

/// One that reads this format.
pub(super) fn definition(format: Format) -> Definition {
    Definition {
        name: "test".to_owned(),
        title: "Test".to_owned(),
        summary: String::new(),
        help: String::new(),
        kind: Kind::Post,
        format,
        params: Vec::new(),
        request: Request::default(),
        paging: None,
        limits: Limits::default(),
        terms: None,
        verified: Verified::Sample,
        keyless: true,
        sample: None,
        template: None,
    }
}
