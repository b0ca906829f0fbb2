//! Snippets of Lua in files: after `--@@ name` the source, and behind `--=> ` in a line of its own what comes of it.

pub struct Snippet {
    pub name: String,
    pub source: String,
    pub expected: String,
}

pub fn snippets(text: &str) -> Vec<Snippet> {
    let parts = text.split("--@@ ").skip(1);
    parts
        .map(|part| {
            let (name, rest) = part.split_once('\n').unwrap_or((part, ""));
            let (source, expected) = rest.split_once("--=> ").unwrap_or((rest, ""));
            Snippet {
                name: name.into(),
                source: source.trim_end().into(),
                expected: expected.trim_end().into(),
            }
        })
        .collect()
}
