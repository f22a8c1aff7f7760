//! `cargo xtask sbom [FILE]`: what the released binaries are made of, as CycloneDX 1.6 JSON, from Cargo.lock's graph and web/package-lock.json.
//!
//! The same sources give the same bytes: it carries no time and no serial number.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

/// The binaries that leave; what only tests and tasks need is not in them.
const RELEASED: [&str; 2] = ["veritrail", "veritrail-verify"];
const TARGET: &str = "x86_64-unknown-linux-gnu";

pub fn run(file: Option<String>) -> Result<()> {
    let text = serde_json::to_string_pretty(&bom(Path::new("."))?)? + "\n";
    match file {
        Some(file) => std::fs::write(&file, text).with_context(|| format!("'{file}' cannot be written")),
        None => {
            crate::bench::say(format_args!("{}", text.trim_end()));
            Ok(())
        }
    }
}

fn bom(root: &Path) -> Result<Value> {
    let (mut components, mut dependencies) = crates(root)?;
    let version = components.get(RELEASED[0]).map(|c| c["version"].clone()).context("the workspace has no veritrail")?;
    let pages = pages(root)?;
    dependencies.insert(RELEASED[0].to_owned(), dependencies.get(RELEASED[0]).into_iter().flatten().cloned().chain(pages.keys().cloned()).collect());
    components.extend(pages);
    components.remove(RELEASED[0]);
    let components: Vec<Value> = components.into_values().collect();
    let dependencies: Vec<Value> = dependencies.into_iter().map(|(of, on)| json!({ "ref": of, "dependsOn": on })).collect();
    let about = json!({ "type": "application", "bom-ref": RELEASED[0], "name": RELEASED[0], "version": version, "licenses": [{ "expression": "Apache-2.0" }] });
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": about },
        "components": components,
        "dependencies": dependencies,
    }))
}

type Components = BTreeMap<String, Value>;
type Dependencies = BTreeMap<String, BTreeSet<String>>;

/// The crates that are linked into what is released, by reference.
fn crates(root: &Path) -> Result<(Components, Dependencies)> {
    let arguments = ["metadata", "--format-version", "1", "--locked", "--filter-platform", TARGET];
    let output = Command::new("cargo").args(arguments).current_dir(root).output().context("cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata printed no JSON")?;
    let lock: toml::Table = std::fs::read_to_string(root.join("Cargo.lock"))?.parse()?;
    let locked = lock["package"].as_array().context("Cargo.lock has packages")?;
    let checksums: BTreeMap<(&str, &str), &str> =
        locked.iter().filter_map(|p| Some(((p.get("name")?.as_str()?, p.get("version")?.as_str()?), p.get("checksum")?.as_str()?))).collect();
    let by_id: BTreeMap<&str, &Value> = list(&metadata["packages"]).filter_map(|p| Some((p["id"].as_str()?, p))).collect();
    let nodes: BTreeMap<&str, &Value> = list(&metadata["resolve"]["nodes"]).filter_map(|n| Some((n["id"].as_str()?, n))).collect();
    let mut todo: Vec<&str> =
        by_id.iter().filter(|(_, p)| p["source"].is_null() && RELEASED.iter().any(|name| p["name"] == *name)).map(|(id, _)| *id).collect();
    let (mut components, mut dependencies) = (Components::new(), Dependencies::new());
    while let Some(id) = todo.pop() {
        let package = by_id.get(id).with_context(|| format!("{id} is in no list"))?;
        let reference = reference(package);
        if components.insert(reference.clone(), component(package, &checksums)).is_some() {
            continue;
        }
        // A dependency's kind is null where it is linked; `build` and `dev` ones are not.
        let linked = list(&nodes.get(id).context("every package is resolved")?["deps"]).filter(|d| list(&d["dep_kinds"]).any(|k| k["kind"].is_null()));
        let on: Vec<&str> = linked.filter_map(|d| d["pkg"].as_str()).collect();
        dependencies.insert(reference, on.iter().filter_map(|id| by_id.get(id)).map(|p| self::reference(p)).collect());
        todo.extend(on);
    }
    Ok((components, dependencies))
}

/// Ours by their name, all others by their package URL.
fn reference(package: &Value) -> String {
    let (name, version) = (package["name"].as_str().unwrap_or_default(), package["version"].as_str().unwrap_or_default());
    if package["source"].is_null() { name.to_owned() } else { format!("pkg:cargo/{name}@{version}") }
}

fn component(package: &Value, checksums: &BTreeMap<(&str, &str), &str>) -> Value {
    let (name, version) = (package["name"].as_str().unwrap_or_default(), package["version"].as_str().unwrap_or_default());
    let mut component = json!({ "type": "library", "bom-ref": reference(package), "name": name, "version": version });
    if !package["source"].is_null() {
        component["purl"] = reference(package).into();
    }
    if let Some(licence) = package["license"].as_str() {
        component["licenses"] = json!([{ "expression": licence.replace('/', " OR ") }]);
    }
    if let Some(checksum) = checksums.get(&(name, version)) {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    component
}

/// The packages that are built into the pages.
fn pages(root: &Path) -> Result<Components> {
    let lock: Value = serde_json::from_str(&std::fs::read_to_string(root.join("web/package-lock.json"))?).context("web/package-lock.json")?;
    let packages = lock["packages"].as_object().context("web/package-lock.json has packages")?;
    let built = packages.iter().filter(|(path, package)| !path.is_empty() && package["dev"] != true);
    Ok(built
        .filter_map(|(path, package)| {
            let (name, version) = (path.rsplit_once("node_modules/")?.1, package["version"].as_str()?);
            let purl = format!("pkg:npm/{}@{version}", name.replace('@', "%40"));
            let mut component = json!({ "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl });
            if let Some(licence) = package["license"].as_str() {
                component["licenses"] = json!([{ "expression": licence }]);
            }
            Some((purl, component))
        })
        .collect())
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_released_holds_nothing_of_tests() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let (linked, _) = crates(root).unwrap();
        assert!(linked.contains_key("veritrail") && linked.contains_key("app"), "the graph was read");
        // The invented company, what tests stand on, seeds and tasks: no arrow from what is released leads there.
        for crate_of_tests in ["simulate", "testkit", "fuzz", "xtask"] {
            assert!(!linked.contains_key(crate_of_tests), "'{crate_of_tests}' is linked into what is released");
        }
    }

    #[test]
    fn what_is_released_is_listed_once_and_whole() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let bom = bom(root).unwrap();
        assert_eq!((&bom["bomFormat"], &bom["specVersion"]), (&json!("CycloneDX"), &json!("1.6")));
        let references: Vec<&str> = list(&bom["components"]).map(|c| c["bom-ref"].as_str().unwrap()).collect();
        assert_eq!(references.iter().collect::<BTreeSet<_>>().len(), references.len(), "each once");
        for there in ["veritrail-verify", "merkle", "pkg:npm/react@"] {
            assert!(references.iter().any(|r| r.starts_with(there)), "{there} is missing");
        }
        for absent in ["xtask", "testkit", "pkg:npm/%40playwright"] {
            assert!(!references.iter().any(|r| r.starts_with(absent)), "{absent} is not released");
        }
        for component in list(&bom["components"]) {
            assert!(component["version"].is_string(), "{component}");
            let foreign = component["bom-ref"].as_str().unwrap().starts_with("pkg:");
            assert!(!foreign || component["licenses"][0]["expression"].is_string(), "{component}");
            assert!(!component["bom-ref"].as_str().unwrap().starts_with("pkg:cargo/") || component["hashes"][0]["content"].is_string(), "{component}");
        }
        let known: BTreeSet<&str> = references.into_iter().chain(["veritrail"]).collect();
        for dependency in list(&bom["dependencies"]) {
            assert!(known.contains(dependency["ref"].as_str().unwrap()), "{dependency}");
            assert!(list(&dependency["dependsOn"]).all(|d| known.contains(d.as_str().unwrap())), "{dependency}");
        }
        assert_eq!(bom, self::bom(root).unwrap(), "the same sources, the same bytes");
    }
}
