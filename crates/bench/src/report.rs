//! Results as people read them: aligned in the terminal, and as a section of the page that keeps them.

use std::{fs, path::Path};

use crate::{
    failure::{Result, Trying},
    installation::Setting,
    machine,
};

pub struct Report {
    facts: Vec<(String, String)>,
    parts: Vec<Part>,
}

enum Part {
    Words(String),
    Table(Table),
}

/// The first column is text, the others are numbers.
pub struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(columns: &[&str]) -> Self {
        Self {
            columns: columns.iter().map(|&name| name.to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    fn text(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells
                .chain(self.columns.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or_default()
        };
        let line = |row: &Vec<String>| {
            let cells = row.iter().enumerate().map(|(column, cell)| match column {
                0 => format!("{cell:<width$}", width = width(column)),
                _ => format!("{cell:>width$}", width = width(column)),
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let lines = std::iter::once(&self.columns).chain(&self.rows);
        lines.map(line).collect::<Vec<_>>().join("\n")
    }

    fn markdown(&self) -> String {
        let line = |row: &Vec<String>| format!("| {} |", row.join(" | "));
        let rule = self
            .columns
            .iter()
            .enumerate()
            .map(|(column, _)| match column {
                0 => "---",
                _ => "---:",
            });
        let rule = format!("| {} |", rule.collect::<Vec<_>>().join(" | "));
        let mut lines = vec![line(&self.columns), rule];
        lines.extend(self.rows.iter().map(line));
        lines.join("\n")
    }
}

impl Report {
    /// `command` is what somebody types to get the same again.
    pub fn begin(setting: &Setting, command: String) -> Result<Self> {
        let mut facts = machine::describe(setting)?;
        facts.push(("Command".to_owned(), format!("`{command}`")));
        Ok(Self {
            facts,
            parts: Vec::new(),
        })
    }

    pub fn say(&mut self, words: impl Into<String>) {
        self.parts.push(Part::Words(words.into()));
    }

    pub fn show(&mut self, table: Table) {
        self.parts.push(Part::Table(table));
    }

    pub fn text(&self) -> String {
        let facts = self
            .facts
            .iter()
            .map(|(name, value)| format!("{name}: {value}"));
        let mut blocks = vec![facts.collect::<Vec<_>>().join("\n")];
        blocks.extend(self.parts.iter().map(|part| match part {
            Part::Words(words) => words.clone(),
            Part::Table(table) => table.text(),
        }));
        blocks.join("\n\n")
    }

    pub fn markdown(&self) -> String {
        let facts = self
            .facts
            .iter()
            .map(|(name, value)| format!("- {name}: {value}"));
        let mut blocks = vec![facts.collect::<Vec<_>>().join("\n")];
        blocks.extend(self.parts.iter().map(|part| match part {
            Part::Words(words) => words.clone(),
            Part::Table(table) => table.markdown(),
        }));
        blocks.join("\n\n")
    }
}

/// Puts the result between the section's marks, or at the end of the page if there are none.
pub fn write_section(page: &Path, section: &str, content: &str) -> Result<()> {
    let text = fs::read_to_string(page).trying(format!("read {}", page.display()))?;
    fs::write(page, with_section(&text, section, content))
        .trying(format!("write {}", page.display()))
}

fn with_section(page: &str, section: &str, content: &str) -> String {
    let (open, close) = (
        format!("<!-- bench:{section} -->"),
        format!("<!-- /bench:{section} -->"),
    );
    let block = format!("{open}\n{content}\n{close}");
    match (page.split_once(&open), page.split_once(&close)) {
        (Some((before, _)), Some((_, after))) => format!("{before}{block}{after}"),
        _ => format!("{}\n\n## {section}\n\n{block}\n", page.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_align() {
        let mut table = Table::new(&["who", "acks/s"]);
        table.row(["Meshline".to_owned(), "7".to_owned()]);
        table.row(["bare".to_owned(), "10,000".to_owned()]);
        assert_eq!(
            table.text(),
            "who       acks/s\nMeshline       7\nbare      10,000"
        );
        assert_eq!(
            table.markdown(),
            "| who | acks/s |\n| --- | ---: |\n| Meshline | 7 |\n| bare | 10,000 |"
        );
    }

    #[test]
    fn a_section_is_replaced_and_the_rest_stays() {
        let page = "# B\n\n<!-- bench:a -->\nold\n<!-- /bench:a -->\n\nend\n";
        let page = with_section(page, "a", "new");
        assert_eq!(
            page,
            "# B\n\n<!-- bench:a -->\nnew\n<!-- /bench:a -->\n\nend\n"
        );
        let page = with_section(&page, "b", "x");
        assert!(page.ends_with("end\n\n## b\n\n<!-- bench:b -->\nx\n<!-- /bench:b -->\n"));
    }
}
