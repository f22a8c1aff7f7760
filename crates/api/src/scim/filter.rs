//! What a directory asks of a list: RFC 7644 section 3.4.2, as far as directories use it: `attribute eq "value"`, joined by `and`.

/// A list's question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Attributes, in lower case, and what each must be.
    equal: Vec<(String, String)>,
    /// Counted from 1.
    pub start: usize,
    pub count: usize,
    pub with_members: bool,
}

impl Asked {
    /// # Errors
    /// What cannot be read, and what is read.
    pub fn parse(query: &str) -> Result<Self, String> {
        let mut asked = Self { equal: Vec::new(), start: 1, count: usize::MAX, with_members: true };
        let number = |value: &str, name: &str| value.parse::<i64>().map(|n| usize::try_from(n).unwrap_or(0)).map_err(|_| format!("{name} is a number"));
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "filter" => asked.equal = filter(&value)?,
                "startIndex" => asked.start = number(&value, "startIndex")?.max(1),
                "count" => asked.count = number(&value, "count")?,
                "excludedAttributes" => asked.with_members = !value.split(',').any(|a| a.trim().eq_ignore_ascii_case("members")),
                // attributes, sortBy, sortOrder: more is answered than was asked for, in our order.
                _ => {}
            }
        }
        Ok(asked)
    }

    /// Whether a resource fits whose attributes these are. User names and addresses are compared without regard to case.
    pub fn fits(&self, attribute: impl Fn(&str) -> Option<String>) -> bool {
        self.equal.iter().all(|(name, wanted)| attribute(name).is_some_and(|is| is.eq_ignore_ascii_case(wanted)))
    }
}

fn filter(text: &str) -> Result<Vec<(String, String)>, String> {
    let unread = || format!("the filter {text:?} is not read; write attribute eq \"value\", joined by 'and'");
    let mut rest = text.trim();
    let mut equal = Vec::new();
    loop {
        let (name, after) = rest.split_once(char::is_whitespace).ok_or_else(unread)?;
        let after = after.trim_start();
        let value = after.get(..2).filter(|op| op.eq_ignore_ascii_case("eq")).and_then(|_| after.get(2..)).ok_or_else(unread)?.trim_start();
        let mut values = serde_json::Deserializer::from_str(value).into_iter::<serde_json::Value>();
        let given = match values.next() {
            Some(Ok(serde_json::Value::String(given))) => given,
            Some(Ok(serde_json::Value::Bool(given))) => given.to_string(),
            _ => return Err(unread()),
        };
        equal.push((name.to_ascii_lowercase(), given));
        rest = value[values.byte_offset()..].trim_start();
        if rest.is_empty() {
            return Ok(equal);
        }
        rest = rest.get(..4).filter(|and| and.eq_ignore_ascii_case("and ")).and_then(|_| rest.get(4..)).ok_or_else(unread)?.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_directories_are_read_and_others_said() {
        let asked = Asked::parse("filter=userName+eq+%22Ann%40Example.com%22%20and%20active eq true&startIndex=3&count=2&excludedAttributes=members").unwrap();
        assert_eq!((asked.start, asked.count, asked.with_members), (3, 2, false));
        assert!(asked.fits(|name| match name {
            "username" => Some("ann@example.com".into()),
            "active" => Some("true".into()),
            _ => None,
        }));
        assert!(!asked.fits(|name| (name == "username").then(|| "ann@example.com".into())));
        assert_eq!(Asked::parse("count=-1&startIndex=0").unwrap(), Asked { equal: vec![], start: 1, count: 0, with_members: true });
        for wrong in ["userName co \"a\"", "userName eq", "userName eq \"a\" or active eq true", "x", "userName eq \"a", "é eq 1"] {
            assert!(Asked::parse(&format!("filter={wrong}")).unwrap_err().contains("is not read"), "{wrong}");
        }
    }
}
