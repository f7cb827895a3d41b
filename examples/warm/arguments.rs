//! The command line.

/// The arguments of the command.
#[derive(Debug)]
pub struct Arguments {
    pub url: Option<String>,
    pub concurrency: usize,
    pub refresh: bool,
    pub quiet: bool,
}

impl Arguments {
    /// Parses them; the error lists what there is.
    pub fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self {
            url: None,
            concurrency: 16,
            refresh: false,
            quiet: false,
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--url" => arguments.url = Some(words.next().ok_or("--url needs a URL")?),
                "--concurrency" => {
                    let number = words.next().and_then(|number| number.parse().ok());
                    arguments.concurrency = number.ok_or("--concurrency needs a number")?;
                }
                "--refresh" => arguments.refresh = true,
                "--quiet" => arguments.quiet = true,
                other => {
                    return Err(format!(
                        "unknown argument {other}; there are --url, --concurrency, --refresh, --quiet"
                    ));
                }
            }
        }
        Ok(arguments)
    }
}
