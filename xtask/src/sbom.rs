//! `cargo xtask sbom`: what the release is made of, as CycloneDX.
//!
//! Every crate that ends in the server or in the WASM it serves, with licence, checksum and what it needs itself,
//! and the typeface that pages bring along. Tools and tests are not in the product and not in the list. It says the same
//! for the same `Cargo.lock`: no time, no serial number.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::failure::{Failure, Result, Trying};
use crate::process::capture;
use crate::workspace::Workspace;

/// What is shipped; everything else is in it because one of these needs it.
const PRODUCTS: [&str; 2] = ["server", "frontend"];
/// Of the npm packages, what is in the binary as it is; the others only build it.
const EMBEDDED: [&str; 1] = ["@fontsource-variable/inter"];

pub fn sbom(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target.join("sbom");
    let file = folder.join("meshline.cdx.json");
    fs::create_dir_all(&folder).trying("make the folder of the list")?;
    let text = serde_json::to_string_pretty(&list(workspace)?).trying("write the list")?;
    fs::write(&file, text + "\n").trying("write the list")?;
    Ok(file)
}

fn list(workspace: &Workspace) -> Result<Value> {
    let mut command = Command::new("cargo");
    command
        .current_dir(&workspace.root)
        .args(["metadata", "--format-version", "1", "--locked"]);
    let metadata = read(&capture(&mut command)?)?;
    let lock = fs::read_to_string(workspace.root.join("Cargo.lock")).trying("read Cargo.lock")?;
    let npm = fs::read_to_string(workspace.root.join("package-lock.json"));
    let npm = read(&npm.trying("read package-lock.json")?)?;
    let checksums = checksums(&lock);
    let needs = needs(&metadata);
    let packages: BTreeMap<&str, &Value> = list_of(&metadata["packages"])
        .map(|package| (text(&package["id"]), package))
        .collect();
    let products: Vec<&str> = packages
        .iter()
        .filter(|(_, package)| package["source"].is_null())
        .filter(|(_, package)| PRODUCTS.contains(&text(&package["name"])))
        .map(|(id, _)| *id)
        .collect();
    if products.len() != PRODUCTS.len() {
        return Err(Failure::new("the workspace has not got what is shipped"));
    }
    let mut reached = BTreeSet::new();
    let mut next = products.clone();
    while let Some(id) = next.pop() {
        if reached.insert(id) {
            next.extend(needs.get(id).into_iter().flatten());
        }
    }
    let of = |id: &str| {
        packages
            .get(id)
            .map(|package| purl(package))
            .unwrap_or_default()
    };
    let mut components: Vec<Value> = reached
        .iter()
        .filter_map(|id| packages.get(id))
        .map(|package| component(package, &checksums))
        .collect();
    components.extend(EMBEDDED.iter().map(|name| npm_component(&npm, name)));
    let mut dependencies: Vec<Value> = reached
        .iter()
        .map(|id| {
            let mut on: Vec<String> = needs
                .get(id)
                .into_iter()
                .flatten()
                .map(|id| of(id))
                .collect();
            on.sort();
            json!({ "ref": of(id), "dependsOn": on })
        })
        .collect();
    let mut whole: Vec<String> = products.iter().map(|id| of(id)).collect();
    whole.extend(
        components
            .iter()
            .rev()
            .take(EMBEDDED.len())
            .map(|one| text(&one["bom-ref"]).to_owned()),
    );
    dependencies.push(json!({ "ref": "meshline", "dependsOn": whole }));
    let version = packages.get(products[0]).map(|one| text(&one["version"]));
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": {
            "type": "application", "bom-ref": "meshline", "name": "meshline", "version": version,
            "licenses": [{ "expression": "Apache-2.0" }],
        }},
        "components": components,
        "dependencies": dependencies,
    }))
}

fn read(text: &str) -> Result<Value> {
    serde_json::from_str(text).trying("understand what is needed")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list_of(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// What each crate needs when it runs; not for its build or its tests.
fn needs(metadata: &Value) -> BTreeMap<&str, Vec<&str>> {
    let runs =
        |dependency: &&Value| list_of(&dependency["dep_kinds"]).any(|one| one["kind"].is_null());
    list_of(&metadata["resolve"]["nodes"])
        .map(|node| {
            let on = list_of(&node["deps"])
                .filter(runs)
                .map(|one| text(&one["pkg"]));
            (text(&node["id"]), on.collect())
        })
        .collect()
}

/// By name and version, as `Cargo.lock` has them.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let value = |block: &str, key: &str| {
        let start = format!("{key} = \"");
        let line = block.lines().find_map(|line| line.strip_prefix(&start))?;
        Some(line.trim_end_matches('"').to_owned())
    };
    lock.split("[[package]]")
        .filter_map(|block| {
            let key = (value(block, "name")?, value(block, "version")?);
            Some((key, value(block, "checksum")?))
        })
        .collect()
}

fn purl(package: &Value) -> String {
    format!(
        "pkg:cargo/{}@{}",
        text(&package["name"]),
        text(&package["version"])
    )
}

fn component(package: &Value, checksums: &BTreeMap<(String, String), String>) -> Value {
    let (name, version) = (text(&package["name"]), text(&package["version"]));
    let mut one = json!({
        "type": "library", "bom-ref": purl(package), "purl": purl(package), "name": name, "version": version,
    });
    if let Some(licence) = package["license"].as_str() {
        // an older way to write OR
        one["licenses"] = json!([{ "expression": licence.replace('/', " OR ") }]);
    }
    if let Some(checksum) = checksums.get(&(name.to_owned(), version.to_owned())) {
        one["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if let Some(url) = package["repository"].as_str() {
        one["externalReferences"] = json!([{ "type": "vcs", "url": url }]);
    }
    one
}

fn npm_component(lock: &Value, name: &str) -> Value {
    let package = &lock["packages"][format!("node_modules/{name}")];
    let version = text(&package["version"]);
    let purl = format!("pkg:npm/{}@{version}", name.replace('@', "%40"));
    json!({
        "type": "library", "bom-ref": purl, "purl": purl, "name": name, "version": version,
        "licenses": [{ "expression": text(&package["license"]) }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_is_listed_and_what_only_builds_or_tests_it_is_not() {
        let list = list(&Workspace::find().unwrap()).unwrap();
        let components: Vec<&Value> = list_of(&list["components"]).collect();
        let names: BTreeSet<&str> = components.iter().map(|one| text(&one["name"])).collect();
        for shipped in [
            "axum",
            "sqlx-sqlite",
            "leptos",
            "wasm-bindgen",
            "argon2",
            "domain",
            "@fontsource-variable/inter",
        ] {
            assert!(names.contains(shipped), "{shipped} is missing");
        }
        for tool in [
            "proptest",
            "insta",
            "scraper",
            "xtask",
            "testkit",
            "cc",
            "playwright",
        ] {
            assert!(!names.contains(tool), "{tool} is not shipped");
        }
        let refs: BTreeSet<&str> = components.iter().map(|one| text(&one["bom-ref"])).collect();
        assert_eq!(refs.len(), components.len(), "each once");
        for one in &components {
            let is_ours = one["hashes"].is_null() && text(&one["purl"]).starts_with("pkg:cargo/");
            assert!(
                !is_ours || text(&one["version"]) == "0.1.0",
                "no checksum: {one}"
            );
            assert!(
                !text(&one["licenses"][0]["expression"]).is_empty(),
                "no licence: {one}"
            );
        }
        for entry in list_of(&list["dependencies"]) {
            for on in list_of(&entry["dependsOn"]) {
                assert!(refs.contains(text(on)), "{on} is needed and not listed");
            }
        }
    }
}
