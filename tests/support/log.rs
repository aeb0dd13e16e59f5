//! The claims log read by the tests themselves: only what its documentation says of it.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::repo::Repo;

/// All records, the archive's too, in order; each once.
pub(crate) fn records(repo: &Repo) -> Vec<Value> {
    let archive = repo.control().join("archive");
    let mut files: Vec<_> = match fs::read_dir(&archive) {
        Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
        Err(_) => Vec::new(),
    };
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    files.push(repo.log());
    let texts = files.iter().map(|path| fs::read_to_string(path).unwrap());
    let lines: Vec<String> =
        texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let lines = lines.iter().filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// What must hold of any log: the sequence is dense, nothing is granted that somebody holds, and
/// fences grow. Returns the records.
pub(crate) fn sound(repo: &Repo) -> Vec<Value> {
    let records = records(repo);
    let mut live: BTreeMap<String, (String, u64)> = BTreeMap::new();
    for (i, record) in records.iter().enumerate() {
        assert_eq!(record["seq"], i as u64 + 1, "the sequence is dense");
        let lease = &record["lease"];
        let id = lease["lease_id"].as_str().unwrap_or_default();
        let names = |value: &Value| -> Vec<String> {
            value.as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()).collect()
        };
        match record["op"].as_str().unwrap() {
            "acquire" => {
                let fence = lease["fence"].as_u64().unwrap();
                assert_eq!(fence, i as u64 + 1, "the fence is the grant's place in the log");
                for name in names(&lease["issues"]) {
                    let before = live.insert(name.clone(), (id.to_owned(), fence));
                    assert_eq!(before, None, "{name} was granted to {id} while it was held");
                }
            }
            "release" => names(&record["released"]).iter().for_each(|name| {
                assert_eq!(
                    live.remove(name).map(|(lease, _)| lease).as_deref(),
                    Some(id),
                    "{name} was not {id}'s"
                );
            }),
            "auto-evict" | "force-evict" => names(&lease["issues"]).iter().for_each(|name| {
                assert_eq!(
                    live.remove(name).map(|(lease, _)| lease).as_deref(),
                    Some(id),
                    "{name} was not {id}'s"
                );
            }),
            "transfer" | "resume" => names(&lease["issues"]).iter().for_each(|name| {
                let fence = lease["fence"].as_u64().unwrap();
                let (lease, before) = live.insert(name.clone(), (id.to_owned(), fence)).unwrap();
                assert_eq!(lease, id);
                assert!(fence > before, "a handed over lease has a greater fence");
            }),
            _ => {}
        }
    }
    records
}
