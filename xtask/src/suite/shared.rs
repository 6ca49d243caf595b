//! What more than one stage needs, made once and by the first that asks.

use std::path::PathBuf;

use super::rust_tests::{self, Program};
use crate::binary;
use crate::failure::Result;
use crate::postgres::Postgres;
use crate::workspace::Workspace;

pub struct Shared<'a> {
    pub workspace: &'a Workspace,
    /// From the command line, for the test programs.
    pub arguments: &'a [String],
    programs: Option<Result<Vec<Program>>>,
    binary: Option<Result<PathBuf>>,
    postgres: Option<Result<Postgres>>,
}

impl<'a> Shared<'a> {
    pub fn new(workspace: &'a Workspace, arguments: &'a [String]) -> Self {
        Self {
            workspace,
            arguments,
            programs: None,
            binary: None,
            postgres: None,
        }
    }

    pub fn programs(&mut self) -> Result<Vec<Program>> {
        self.programs
            .get_or_insert_with(|| rust_tests::compile(self.workspace))
            .clone()
    }

    pub fn binary(&mut self) -> Result<PathBuf> {
        self.binary
            .get_or_insert_with(|| binary::release(self.workspace))
            .clone()
    }

    pub fn postgres_url(&mut self) -> Result<String> {
        match self
            .postgres
            .get_or_insert_with(|| Postgres::start(self.workspace))
        {
            Ok(postgres) => Ok(postgres.url.clone()),
            Err(failure) => Err(failure.clone()),
        }
    }
}
