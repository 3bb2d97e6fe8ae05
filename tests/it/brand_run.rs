//! `hearken run --brand NAME`: every keyless definition that takes a query is asked at once,
//! here at stand-ins that answer with the definitions' own samples.

use std::collections::BTreeMap;

use crate::harness::{Place, Reply, Site, wait_for};

#[test]
fn a_brand_alone_starts_every_keyless_definition_that_takes_a_query() {
    let ready: Vec<_> = hearken::source::builtin()
        .loaded()
        .iter()
        .filter(|loaded| loaded.definition.params_for_brand("Acme").is_some())
        .collect();
    assert!(ready.len() >= 6, "{} definitions", ready.len());
    let sites: BTreeMap<String, Site> = ready
        .iter()
        .map(|loaded| {
            let body = loaded
                .sample
                .clone()
                .expect("every definition has a sample");
            let site = Site::new(move |_| Reply::Send(200, Vec::new(), body.to_vec()));
            (loaded.definition.name.clone(), site)
        })
        .collect();
    let servers: Vec<String> = sites
        .iter()
        .map(|(name, site)| format!("{name}={}", site.url("")))
        .collect();
    let mut arguments = vec!["run", "--brand", "Acme", "--save"];
    for server in &servers {
        arguments.extend(["--server", server]);
    }
    let place = Place::new();
    let mut daemon = place.start(&arguments);
    let said = daemon.wait_for_line("Hearken watches");
    assert!(
        said.contains(&format!("on {} source(s)", ready.len())),
        "{said}"
    );
    daemon.wait_for_line("Alert feed:");

    for (name, site) in &sites {
        let asked = wait_for(&format!("{name} to be asked"), || {
            site.asked().into_iter().next()
        });
        let brand = asked.path.to_lowercase();
        let body = String::from_utf8_lossy(&asked.body).to_lowercase();
        assert!(
            brand.contains("acme") || body.contains("acme"),
            "{name} is asked about the brand: {}",
            asked.path
        );
    }
    // Each answer was read as its definition reads its sample.
    wait_for("every source to be read", || {
        let rows = place.json(&["sources", "--json"]);
        let n_ok = rows
            .iter()
            .filter(|row| row["source"]["health"]["state"] == "ok")
            .count();
        (n_ok == ready.len()).then_some(())
    });
}

#[test]
fn a_server_of_an_unknown_definition_is_refused() {
    let place = Place::new();
    let ended = place
        .run(&[
            "run",
            "--brand",
            "Acme",
            "--server",
            "nonsense=http://127.0.0.1:1",
        ])
        .ends_with(1);
    assert!(ended.stderr.contains("`nonsense`"), "{}", ended.stderr);
    assert!(ended.stderr.contains("mastodon-tag"), "{}", ended.stderr);
}
