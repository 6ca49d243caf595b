//! One number for the content of a set of files, to tell whether something has to be built again.
//!
//! Content rather than modification times: switching branches back and forth, or a fresh clone with a warm cache,
//! should cost nothing.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::failure::{Result, Trying};

/// Of these files and of everything below these folders; what does not exist counts as such.
pub fn of(root: &Path, paths: &[&str]) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for file in files(root, paths)? {
        file.strip_prefix(root).unwrap_or(&file).hash(&mut hasher);
        fs::read(&file)
            .trying(format!("read {}", file.display()))?
            .hash(&mut hasher);
    }
    Ok(hasher.finish())
}

/// All files below, in a stable order.
pub fn files(root: &Path, paths: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        collect(&root.join(path), &mut found)?;
    }
    found.sort();
    Ok(found)
}

fn collect(path: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_file() {
        found.push(path.to_path_buf());
    } else if path.is_dir() {
        let entries = fs::read_dir(path).trying(format!("list {}", path.display()))?;
        for entry in entries {
            collect(
                &entry.trying(format!("list {}", path.display()))?.path(),
                found,
            )?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_with_content_and_names_only() {
        let root =
            std::env::temp_dir().join(format!("meshline-fingerprint-{}", std::process::id()));
        fs::create_dir_all(root.join("a")).unwrap();
        fs::write(root.join("a/x"), "1").unwrap();
        let before = of(&root, &["a", "missing"]).unwrap();
        fs::write(root.join("a/x"), "1").unwrap();
        assert_eq!(before, of(&root, &["a", "missing"]).unwrap());
        fs::write(root.join("a/x"), "2").unwrap();
        assert_ne!(before, of(&root, &["a"]).unwrap());
        fs::write(root.join("a/x"), "1").unwrap();
        fs::rename(root.join("a/x"), root.join("a/y")).unwrap();
        assert_ne!(before, of(&root, &["a"]).unwrap());
        fs::remove_dir_all(&root).unwrap();
    }
}
