//! The function `cache` for minijinja's templates, called around a block.

use std::borrow::Cow;

use ::minijinja::value::{Kwargs, Rest, ValueKind};
use ::minijinja::{AutoEscape, Environment, Error, State, Value};
use cache_runtime::{ErrorKind, Timeout};

use super::place::Fragments;
use super::vary::Vary;

impl Fragments {
    /// Gives the templates of `environment` the function `cache`, to be called around a block.
    ///
    /// ```
    /// use cache_web::fragment::Fragments;
    /// use minijinja::{Environment, context};
    ///
    /// let mut environment = Environment::new();
    /// Fragments::new().add_to(&mut environment);
    /// environment.add_template("tasks.html", r#"
    ///     {%- call cache(600, "tasks_of", user.id, tags=["user:" ~ user.id]) -%}
    ///     <h1>{{ user.name }}</h1>
    ///     {%- endcall -%}
    /// "#)?;
    /// let template = environment.get_template("tasks.html")?;
    /// let ann = context! { user => context! { id => 7, name => "Ann & co" } };
    /// assert_eq!(template.render(&ann)?, "<h1>Ann &amp; co</h1>");
    ///
    /// // Ten minutes, by the name `tasks_of` and the id; the block does not run.
    /// let bob = context! { user => context! { id => 7, name => "Bob" } };
    /// assert_eq!(template.render(&bob)?, "<h1>Ann &amp; co</h1>");
    /// # Ok::<(), minijinja::Error>(())
    /// ```
    ///
    /// `cache(timeout, name, …)`: the timeout is a number of seconds, or `none` for ever; the name is followed
    /// by what the block varies on, in order: strings, numbers, `true`, `false`, `none`. Anything else
    /// is an error, and so is an undefined value: a misspelt `user.idd` would be one fragment for everybody.
    /// `using="alias"` selects another cache, `tags=[…]` gives tags for `delete_tag`.
    ///
    /// The block sees the variables around it, and runs only if its text is not cached. Whatever else it does
    /// (`{% set %}`) has no effect outside of it. Its text is escaped as the template escapes; that of a
    /// template that escapes for something other than HTML, or not at all, has a key of its own (`….json`,
    /// `….unescaped`), so that no page ever takes it for escaped text.
    ///
    /// Templates are rendered without `await`, so the notes on
    /// [`render_blocking`](super::Fragment::render_blocking) apply.
    pub fn add_to(self, environment: &mut Environment<'_>) {
        environment.add_function(
            "cache",
            move |state: &mut State, args: Rest<Value>, kwargs: Kwargs| {
                cached_block(&self, state, &args, &kwargs)
            },
        );
    }
}

fn cached_block(
    fragments: &Fragments,
    state: &mut State,
    args: &[Value],
    kwargs: &Kwargs,
) -> Result<Value, Error> {
    let [seconds, name, vary_on @ ..] = args else {
        return Err(wrong(
            "give `cache` a timeout and a name: cache(600, \"sidebar\")",
        ));
    };
    let Ok(block) = kwargs.get::<Value>("caller") else {
        return Err(wrong(
            "`cache` goes around a block: {% call cache(600, \"sidebar\") %}…{% endcall %}",
        ));
    };
    let using: Option<String> = kwargs.get("using")?;
    let tags: Option<Vec<String>> = kwargs.get("tags")?;
    kwargs.assert_all_used()?;

    let place = match using {
        Some(alias) => fragments.clone().using(alias),
        None => fragments.clone(),
    };
    let name = name.as_str().ok_or_else(|| {
        wrong(format!(
            "the name of a fragment is a string, not {}",
            name.kind()
        ))
    })?;
    let mut fragment = place.fragment(name).timeout(timeout(seconds)?);
    for value in vary_on {
        fragment = fragment.vary_on(text(name, value)?);
    }
    for tag in tags.into_iter().flatten() {
        fragment = fragment.tag(tag);
    }
    let escaping = state.auto_escape();
    let escapes = !matches!(escaping, AutoEscape::None);
    fragment = fragment.apart(suffix(escaping));
    // A wrong URL in the environment breaks no page; a wrong alias is the template's own mistake.
    if let Err(error) = fragment.open()
        && error.kind() == ErrorKind::UnknownCache
    {
        return Err(wrong(error.to_string()).with_source(error));
    }
    let html = fragment.render_blocking(|| {
        let text = block.call(state, &[])?;
        Ok::<_, Error>(text.to_string())
    })?;
    Ok(if escapes {
        Value::from_safe_string(html.to_string())
    } else {
        Value::from(&*html)
    })
}

/// Returns what follows the key: text is safe only where it was escaped for.
fn suffix(escaping: &AutoEscape) -> Cow<'static, str> {
    match escaping {
        AutoEscape::Html => "".into(),
        AutoEscape::None => ".unescaped".into(),
        AutoEscape::Custom(name) => format!(".custom.{name}").into(),
        // `Json` exists only with a feature of minijinja.
        other => format!(".{other:?}").to_ascii_lowercase().into(),
    }
}

fn timeout(seconds: &Value) -> Result<Timeout, Error> {
    match seconds.kind() {
        ValueKind::None => Ok(Timeout::Never),
        ValueKind::Number => Ok(f64::try_from(seconds.clone())?.into()),
        _ => Err(wrong(format!(
            "`cache` got {seconds:?} for a timeout: give seconds as a number, or `none` for ever"
        ))),
    }
}

/// Returns the text that Python's `str()` gives. Only for values with one way to be written: others may show the
/// same text for two people.
fn text<'a>(name: &str, value: &'a Value) -> Result<Cow<'a, str>, Error> {
    match value.kind() {
        ValueKind::String => Ok(value.as_str().unwrap_or_default().into()),
        ValueKind::None => Ok("None".into()),
        ValueKind::Bool => Ok(value.is_true().text().into_owned().into()),
        ValueKind::Number if value.is_integer() => Ok(value.to_string().into()),
        ValueKind::Number => Ok(f64::try_from(value.clone())?.text().into_owned().into()),
        ValueKind::Undefined => Err(wrong(format!(
            "fragment {name:?} varies on something undefined, and would be the same for everybody: \
             write `|default(\"\")` behind it if it may be missing"
        ))),
        other => Err(wrong(format!(
            "fragment {name:?} cannot vary on a {other}: give what tells one from another, such as its `id`"
        ))),
    }
}

fn wrong(detail: impl Into<Cow<'static, str>>) -> Error {
    Error::new(::minijinja::ErrorKind::InvalidOperation, detail)
}
