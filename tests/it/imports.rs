//! Holds the direction of imports: the `use crate::` lines of every file, against the
//! table in ARCHITECTURE.md.

use std::path::{Path, PathBuf};

/// What may be imported besides `domain` and one's own folder.
fn allowed(module: &str) -> &'static [&'static str] {
    match module {
        "fetch" => &["net"],
        "hub" => &["net"],
        "deliver" => &["net", "store"],
        "web" => &[
            "store", "matching", "demo", "config", "triage", "language", "parse",
        ],
        "worker" => &[
            "classify", "config", "dedupe", "deliver", "fetch", "language", "matching", "net",
            "parse", "source", "spike", "store", "triage", "web",
        ],
        "cli" => &[
            "classify", "config", "dedupe", "deliver", "demo", "fetch", "hub", "language",
            "matching", "net", "parse", "source", "store", "triage", "web", "worker",
        ],
        _ => &[],
    }
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("src is there") {
        let path = entry.expect("src can be read").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn stages_import_the_domain_and_nothing_beside_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    assert!(files.len() > 50, "the whole tree is read");
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&src).expect("a file of src");
        let module = inside
            .components()
            .next()
            .and_then(|first| first.as_os_str().to_str())
            .expect("a name")
            .trim_end_matches(".rs")
            .to_owned();
        if ["lib", "main"].contains(&module.as_str()) {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("a source file");
        for (place, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for used in code.split("crate::").skip(1) {
                let name: String = used
                    .chars()
                    .take_while(|character| character.is_alphanumeric() || *character == '_')
                    .collect();
                let fine = name.is_empty()
                    || name == module
                    || name == "domain"
                    || allowed(&module).contains(&name.as_str());
                if !fine {
                    wrong.push(format!(
                        "{}:{}: {module} uses {name}",
                        inside.display(),
                        place + 1
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_outside_part_has_one_owner() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let owners = [
        ("reqwest::", "net"),
        ("sled::", "store"),
        ("axum::", "web"),
        ("rust_bert::", "classify"),
        ("tch::", "classify"),
        ("feed_rs::", "parse"),
        ("Utc::now()", "worker web cli"),
    ];
    let mut wrong = Vec::new();
    for file in files {
        let inside = file
            .strip_prefix(&src)
            .expect("a file of src")
            .display()
            .to_string();
        let text = std::fs::read_to_string(&file).expect("a source file");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        if inside.contains("tests") || inside.ends_with("sample.rs") {
            continue;
        }
        for (part, owner) in owners {
            let owned = owner.split(' ').any(|owner| inside.starts_with(owner));
            let used = code
                .lines()
                .map(|line| line.split("//").next().unwrap_or_default())
                .any(|line| {
                    line.match_indices(part).any(|(at, _)| {
                        // `watch::` is not `tch::`.
                        !line[..at]
                            .ends_with(|before: char| before.is_alphanumeric() || before == '_')
                    })
                });
            if used && !owned {
                wrong.push(format!("{inside} uses {part}, which belongs to {owner}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
