//! Opening: new, locked, older, newer and broken stores.

use std::{fs, path::Path};

use super::sample::{assert_sound, at, negative, opened, record, test_event};
use crate::store::{MARKER, META_SCHEMA, ROWS, SCHEMA, Store, StoreError};

/// The rows of a closed store, without the checks of [`Store::open`].
fn raw(folder: &Path) -> sled::Db {
    super::super::open_rows(folder).expect("the rows can be opened")
}

fn set_schema(folder: &Path, schema: u32) {
    let db = raw(folder);
    let meta = db.open_tree("meta").expect("a table");
    meta.insert(META_SCHEMA, &schema.to_be_bytes())
        .expect("written");
    db.flush().expect("flushed");
}

#[test]
fn a_store_is_private_and_keeps_its_rows() {
    let opened = opened();
    record(&opened, "feed", vec![negative("one", at(0))]);
    let path = opened.store.folder().to_owned();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&path).expect("it exists").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
    let folder = opened.folder;
    drop(opened.store);
    let store = Store::open(&path, at(99)).expect("it opens again");
    assert_eq!(store.n_mentions().expect("counted"), 1);
    assert_eq!(store.created_at().expect("readable"), Some(at(0)));
    assert!(store.size_on_disk().expect("known") > 0);
    assert_sound(&store);
    drop(folder);
}

#[test]
fn an_open_store_cannot_be_opened_again() {
    let opened = opened();
    let error = Store::open(opened.store.folder(), at(0)).expect_err("it is in use");
    assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
}

#[test]
fn a_newer_store_is_refused_with_advice() {
    let opened = opened();
    let path = opened.store.folder().to_owned();
    let folder = opened.folder;
    drop(opened.store);
    set_schema(&path, SCHEMA + 2);
    let error = Store::open(&path, at(0)).expect_err("it is newer");
    let StoreError::Newer { found, known, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!((found, known), (SCHEMA + 2, SCHEMA));
    // Refusing it must not have touched it.
    set_schema(&path, SCHEMA);
    Store::open(&path, at(0)).expect("it opens");
    drop(folder);
}

#[test]
fn an_older_store_is_brought_up_to_date_after_a_copy() {
    let opened = opened();
    let mut healed = negative("healed", at(0));
    healed.keys.push("id:7".into());
    record(&opened, "feed", vec![negative("one", at(0)), healed]);
    let (event, deliveries) = test_event("test", at(1), &["chat", "mail"]);
    opened.store_event(&event, &deliveries).expect("stored");
    opened.claim_due(at(1), 1, 1).expect("claimed");
    let path = opened.store.folder().to_owned();
    let folder = opened.folder;
    drop(opened.store);
    // Schema 0 had rows but not these indexes, and no counter.
    {
        let db = raw(&path);
        for index in ["cases", "due", "sending", "mentions_by_time", "identities"] {
            let tree = db.open_tree(index).expect("a table");
            tree.clear().expect("cleared");
        }
        let meta = db.open_tree("meta").expect("a table");
        meta.remove("n_mentions").expect("removed");
        db.flush().expect("flushed");
    }
    set_schema(&path, 0);

    let store = Store::open(&path, at(3_600)).expect("it is brought up to date");
    assert_sound(&store);
    assert_eq!(store.n_mentions().expect("counted"), 2);
    assert_eq!(store.n_undelivered(), 4);
    assert_eq!(store.cases(Default::default()).count(), 2);
    let known = store.known(&[vec!["id:7".into()]]).expect("readable");
    assert!(known[0].is_some());
    drop(store);
    Store::open(&path, at(3_601)).expect("no second migration is needed");

    let mut beside: Vec<_> = fs::read_dir(folder.path())
        .expect("readable")
        .map(|entry| entry.expect("readable").file_name())
        .collect();
    beside.sort();
    assert_eq!(beside, ["data", "data-schema-0-20260921T151320Z"]);
    let copy = folder.path().join(&beside[1]);
    assert_eq!(
        raw(&copy)
            .open_tree("meta")
            .expect("a table")
            .get(META_SCHEMA)
            .expect("readable")
            .as_deref(),
        Some(&[0, 0, 0, 0][..])
    );
}

#[test]
fn lost_rows_are_not_mistaken_for_a_new_store() {
    let opened = opened();
    let path = opened.store.folder().to_owned();
    let folder = opened.folder;
    drop(opened.store);
    assert!(path.join(MARKER).exists());
    drop(raw(&path));
    fs::remove_dir_all(path.join(ROWS)).expect("removed");
    let error = Store::open(&path, at(0)).expect_err("its rows are gone");
    assert!(
        error
            .to_string()
            .contains("its rows are gone; restore a backup"),
        "{error}"
    );
    drop(folder);
}

#[test]
fn a_damaged_file_gives_an_error() {
    let opened = opened();
    for n in 0..20 {
        record(&opened, "feed", vec![negative(&n.to_string(), at(n))]);
    }
    let path = opened.store.folder().to_owned();
    let folder = opened.folder;
    drop(opened.store);
    drop(raw(&path));
    let file = path.join(ROWS).join("db");
    let n_bytes = fs::metadata(&file).expect("it exists").len();
    fs::write(&file, vec![0x5a; n_bytes as usize]).expect("overwritten");
    let error = Store::open(&path, at(0)).expect_err("nothing can be read");
    assert!(matches!(error, StoreError::Broken { .. }), "{error:?}");
    drop(folder);
}

#[test]
fn a_damaged_row_is_named_and_the_rest_can_be_read() {
    let opened = opened();
    let new = negative("one", at(0));
    record(&opened, "feed", vec![new.clone(), negative("two", at(1))]);
    let tables = opened.store.tables();
    let id = new.mention.id.as_str();
    tables.mentions.insert(id, &[7, 7, 7]).expect("written");
    let error = opened.mention(&new.mention.id).expect_err("it is damaged");
    assert!(matches!(
        error,
        StoreError::Row {
            table: "mentions",
            ..
        }
    ));
    let readable = opened
        .mentions_newest_first(&Default::default())
        .filter(Result::is_ok);
    assert_eq!(readable.count(), 1);
    let report = opened.verify().expect("checked");
    assert!(!report.is_ok());
    assert_eq!(report.n_mentions, 1);
    assert!(report.problems[0].contains(id), "{:?}", report.problems);
}
