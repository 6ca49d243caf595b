//! Where things are: the workspace, what builds into it, and the cache shared by all clones.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result, Trying};

pub struct Workspace {
    pub root: PathBuf,
    /// Cargo's target directory, wherever `CARGO_TARGET_DIR` put it.
    pub target: PathBuf,
    /// Tools installed for all clones of this repository.
    pub cache: PathBuf,
}

impl Workspace {
    pub fn find() -> Result<Self> {
        // Cargo sets this when it runs us. The path compiled in serves when the binary is called directly.
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest
            .parent()
            .map(Path::to_path_buf)
            .ok_or_else(|| Failure::new("xtask does not stand inside a workspace"))?;
        let here = env::current_dir().trying("find the current directory")?;
        let target = env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |dir| here.join(dir));
        let cache = cache_dir().map(|dir| here.join(dir))?;
        Ok(Self {
            root,
            target,
            cache,
        })
    }

    pub fn tools(&self) -> PathBuf {
        self.cache.join("tools")
    }

    /// What the server embeds. cargo-leptos takes it from the workspace's metadata, relative to the workspace,
    /// so it does not move with `CARGO_TARGET_DIR`.
    pub fn site(&self) -> PathBuf {
        self.root.join("target").join("site")
    }

    /// The data of `run` and `dev`.
    pub fn data(&self) -> PathBuf {
        self.root.join(".meshline")
    }

    pub fn end2end(&self) -> PathBuf {
        self.root.join("end2end")
    }

    /// `PATH` with the pinned tools first: cargo-leptos downloads what it does not find there.
    pub fn search_path(&self) -> Result<OsString> {
        let mut dirs = vec![
            self.tools().join("bin"),
            self.root.join("node_modules").join(".bin"),
        ];
        dirs.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        env::join_paths(dirs).trying("put the tools on PATH")
    }
}

fn cache_dir() -> Result<PathBuf> {
    let variable = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    variable("MESHLINE_CACHE")
        .or_else(|| variable("XDG_CACHE_HOME").map(|dir| dir.join("meshline")))
        .or_else(|| variable("HOME").map(|home| home.join(".cache").join("meshline")))
        .ok_or_else(|| {
            Failure::new("HOME is not set: set MESHLINE_CACHE to a folder where tools may be kept")
        })
}
