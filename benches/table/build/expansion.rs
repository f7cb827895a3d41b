//! What an attribute writes in the place of one function.

use cache_benches::report::Row;
use proc_macro2::{TokenStream, TokenTree};

use super::project::Project;
use super::subjects::Attribute;
use super::tally::Tally;

pub(super) fn all(projects: &[Project]) -> Vec<Row> {
    let function = "of `async fn get_user_tasks(u64, Option<&str>) -> Result<Vec<Task>, DbError>`";
    let mut lines = Tally::new(format!("expansion {function}, lines more"), "lines");
    let mut tokens = Tally::new(format!("expansion {function}, tokens more"), "tokens");
    for project in projects {
        let Some(attribute) = project.subject.attribute else {
            continue;
        };
        let Some(line) = attribute.borrowing else {
            continue;
        };
        match grown(project, attribute, line) {
            Ok((more_lines, more_tokens)) => {
                lines.add(project, vec![more_lines], None);
                tokens.add(project, vec![more_tokens], None);
            }
            Err(error) => eprintln!("\n{}: {error}", project.subject.lane),
        }
    }
    [lines.rows(), tokens.rows()].concat()
}

/// Lines and tokens that the attribute adds to the expanded file.
fn grown(project: &Project, attribute: Attribute, line: &str) -> Result<(f64, f64), String> {
    let dependency = attribute.import.trim_start_matches("use ");
    let dependency = dependency.split("::").next().unwrap_or_default();
    let mut sizes = Vec::new();
    for line in ["", line] {
        let file = SOURCE
            .replace("{import}", attribute.import)
            .replace("{attribute}", line);
        project.write("expansion.rs", &file)?;
        let text = project.expanded("expansion.rs", dependency)?;
        let stream = text.parse::<TokenStream>();
        let tokens = count(stream.map_err(|error| error.to_string())?);
        sizes.push((text.lines().count() as f64, tokens as f64));
    }
    let (plain, annotated) = (sizes[0], sizes[1]);
    Ok((annotated.0 - plain.0, annotated.1 - plain.1))
}

fn count(stream: TokenStream) -> usize {
    let size = |tree| match tree {
        // The two brackets and what is in them.
        TokenTree::Group(group) => 2 + count(group.stream()),
        _ => 1,
    };
    stream.into_iter().map(size).sum()
}

const SOURCE: &str = r#"
{import}

pub struct Task;
pub struct DbError;

/// The user's tasks, newest first.
{attribute}
pub async fn get_user_tasks(user_id: u64, status: Option<&str>) -> Result<Vec<Task>, DbError> {
    db::tasks(user_id, status).await
}

mod db {
    pub async fn tasks(_: u64, _: Option<&str>) -> Result<Vec<super::Task>, super::DbError> {
        Ok(Vec::new())
    }
}
"#;
