//! Which class a field has: what members decided, then the files of `content/masking`, then personal.

use model::{ClassedField, FieldClass};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The file that is asked after a connector's own.
const GENERIC: &str = "generic";

/// The files that come with Veritrail, by connector.
const SHIPPED: [(&str, &str); 3] = [
    ("creme", include_str!("../../../../content/masking/creme.toml")),
    (GENERIC, include_str!("../../../../content/masking/generic.toml")),
    ("salesforce", include_str!("../../../../content/masking/salesforce.toml")),
];

/// Where a class comes from, the first that says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A member decided.
    Member,
    /// The connector's file, for this object type.
    ObjectType,
    /// The connector's file, for every object type.
    Connector,
    /// The file for all sources.
    Generic,
    /// Nobody classed it.
    Unknown,
}

impl Origin {
    pub const ALL: [Origin; 5] = [Origin::Member, Origin::ObjectType, Origin::Connector, Origin::Generic, Origin::Unknown];
    pub fn name(self) -> &'static str {
        match self {
            Origin::Member => "member",
            Origin::ObjectType => "object_type",
            Origin::Connector => "connector",
            Origin::Generic => "generic",
            Origin::Unknown => "unknown",
        }
    }
}

/// The files in force.
#[derive(Clone, Debug)]
pub struct Classes {
    files: BTreeMap<String, File>,
}

#[derive(Clone, Debug, Default)]
struct File {
    any: Table,
    object_types: BTreeMap<String, Table>,
}

/// Fields by name, in lower case.
#[derive(Clone, Debug, Default)]
struct Table {
    exact: BTreeMap<String, FieldClass>,
    patterns: Vec<(Pattern, FieldClass)>,
}

/// A name with a `*` at its beginning, its end or both.
#[derive(Clone, Debug)]
struct Pattern {
    text: String,
    open_start: bool,
    open_end: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileText {
    #[serde(default)]
    any: TableText,
    #[serde(default)]
    object_types: BTreeMap<String, TableText>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TableText {
    public: Vec<String>,
    internal: Vec<String>,
    personal: Vec<String>,
    sensitive: Vec<String>,
    secret: Vec<String>,
}

impl Classes {
    /// The files that ship with Veritrail.
    ///
    /// # Errors
    /// What is wrong in which file.
    pub fn embedded() -> Result<Self, String> {
        Self::load(Vec::new())
    }

    /// The shipped files with `overrides` (connector, text) on top: one of the same name replaces the shipped one, any other is added.
    /// The caller reads the folder.
    ///
    /// # Errors
    /// What is wrong in which file.
    pub fn load(overrides: Vec<(String, String)>) -> Result<Self, String> {
        let mut texts: BTreeMap<String, String> = SHIPPED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        texts.extend(overrides);
        let read = |(name, text): (String, String)| match File::read(&text) {
            Ok(file) => Ok((name, file)),
            Err(why) => Err(format!("the classes of fields in '{name}.toml' cannot be used: {why}")),
        };
        Ok(Self { files: texts.into_iter().map(read).collect::<Result<_, _>>()? })
    }

    /// The class the files give a field.
    pub fn class(&self, connector: &str, object_type: &str, field: &str) -> (FieldClass, Origin) {
        let names = Names::of(field);
        let own = self.files.get(connector).filter(|_| connector != GENERIC);
        let of_type = |file: Option<&File>| file.and_then(|f| f.object_types.get(object_type)).and_then(|t| t.class(&names));
        let of_any = |file: Option<&File>| file.and_then(|f| f.any.class(&names));
        let generic = self.files.get(GENERIC);
        let found = [(of_type(own), Origin::ObjectType), (of_any(own), Origin::Connector), (of_type(generic).or_else(|| of_any(generic)), Origin::Generic)];
        let found = found.into_iter().find_map(|(class, origin)| class.map(|class| (class, origin)));
        found.unwrap_or((FieldClass::Personal, Origin::Unknown))
    }

    /// The object types a connector's file speaks of.
    pub fn object_types(&self, connector: &str) -> impl Iterator<Item = &str> {
        self.files.get(connector).into_iter().flat_map(|f| f.object_types.keys().map(String::as_str))
    }

    /// The fields that a connector's file names for an object type.
    pub fn fields(&self, connector: &str, object_type: &str) -> BTreeSet<String> {
        self.files.get(connector).and_then(|f| f.object_types.get(object_type)).map(|t| t.exact.keys().cloned().collect()).unwrap_or_default()
    }
}

/// The files, and what members decided.
pub(crate) struct Rulings<'a> {
    classes: &'a Classes,
    decided: HashMap<(String, String, String), FieldClass>,
}

impl<'a> Rulings<'a> {
    pub fn new(classes: &'a Classes, decided: Vec<ClassedField>) -> Self {
        let decided = decided.into_iter().map(|d| ((d.connector, d.object_type, d.field), d.class)).collect();
        Self { classes, decided }
    }

    pub fn class(&self, connector: &str, object_type: &str, field: &str) -> (FieldClass, Origin) {
        let names = Names::of(field);
        let decided = |name: &str| self.decided.get(&(connector.to_owned(), object_type.to_owned(), name.to_owned())).copied();
        match decided(&names.path).or_else(|| decided(names.last())) {
            Some(class) => (class, Origin::Member),
            None => self.classes.class(connector, object_type, field),
        }
    }
}

/// A field in lower case: its whole path, and its own name.
struct Names {
    path: String,
}

impl Names {
    fn of(field: &str) -> Self {
        Self { path: field.to_lowercase() }
    }
    fn last(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or(&self.path)
    }
}

impl File {
    fn read(text: &str) -> Result<Self, String> {
        let text: FileText = toml::from_str(text).map_err(|e| e.to_string())?;
        let object_types = text.object_types.into_iter().map(|(name, table)| Ok((name.to_lowercase(), Table::read(table)?)));
        Ok(Self { any: Table::read(text.any)?, object_types: object_types.collect::<Result<_, String>>()? })
    }
}

impl Table {
    fn read(text: TableText) -> Result<Self, String> {
        let lists = [
            (FieldClass::Public, text.public),
            (FieldClass::Internal, text.internal),
            (FieldClass::Personal, text.personal),
            (FieldClass::Sensitive, text.sensitive),
            (FieldClass::Secret, text.secret),
        ];
        let mut table = Self::default();
        for (class, names) in lists {
            for name in names {
                let name = name.to_lowercase();
                if name.contains('*') {
                    table.patterns.push((Pattern::read(&name)?, class));
                } else if let Some(other) = table.exact.insert(name.clone(), class).filter(|other| *other != class) {
                    return Err(format!("'{name}' is said to be {} and {}; leave one out", other.name(), class.name()));
                }
            }
        }
        Ok(table)
    }

    fn class(&self, names: &Names) -> Option<FieldClass> {
        let exact = self.exact.get(&names.path).or_else(|| self.exact.get(names.last()));
        exact.copied().or_else(|| {
            let fits = |pattern: &Pattern| pattern.fits(&names.path) || pattern.fits(names.last());
            self.patterns.iter().filter(|(pattern, _)| fits(pattern)).map(|(_, class)| *class).max()
        })
    }
}

impl Pattern {
    fn read(name: &str) -> Result<Self, String> {
        let (open_start, rest) = name.strip_prefix('*').map_or((false, name), |rest| (true, rest));
        let (open_end, text) = rest.strip_suffix('*').map_or((false, rest), |rest| (true, rest));
        if text.is_empty() || text.contains('*') {
            return Err(format!("'{name}' is no pattern: a * stands at its beginning, its end or both, and something between"));
        }
        Ok(Self { text: text.to_owned(), open_start, open_end })
    }

    fn fits(&self, name: &str) -> bool {
        match (self.open_start, self.open_end) {
            (true, true) => name.contains(&self.text),
            (true, false) => name.ends_with(&self.text),
            (false, true) => name.starts_with(&self.text),
            (false, false) => name == self.text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(connector: &str, object_type: &str, field: &str, expect: (FieldClass, Origin)) {
        assert_eq!(Classes::embedded().unwrap().class(connector, object_type, field), expect, "{connector} {object_type} {field}");
    }

    #[test]
    fn the_shipped_files_class_what_crms_write() {
        check("salesforce", "report", "EVENT_TYPE", (FieldClass::Public, Origin::Connector));
        check("salesforce", "report", "data.payload.RowsProcessed", (FieldClass::Internal, Origin::Connector));
        check("salesforce", "report", "CLIENT_IP", (FieldClass::Personal, Origin::Connector));
        check("salesforce", "contact", "HomePhone", (FieldClass::Sensitive, Origin::ObjectType));
        check("salesforce", "account", "HomePhone", (FieldClass::Personal, Origin::Unknown));
        check("salesforce", "page", "SESSION_KEY", (FieldClass::Secret, Origin::Connector));
        check("salesforce", "page", "Account_Number__c", (FieldClass::Sensitive, Origin::Generic));
        check("creme", "contact", "birthday", (FieldClass::Sensitive, Origin::ObjectType));
        check("creme", "contact", "sector", (FieldClass::Internal, Origin::Connector));
        check("generic", "ticket", "status", (FieldClass::Internal, Origin::Generic));
        check("generic", "ticket", "changes.old", (FieldClass::Personal, Origin::Unknown));
        check("generic", "user", "new_password_hash", (FieldClass::Secret, Origin::Generic));
        check("a connector to come", "x", "favourite_colour", (FieldClass::Personal, Origin::Unknown));
    }

    #[test]
    fn an_exact_name_goes_before_a_pattern_and_the_strictest_pattern_counts() {
        let text = r#"
            [any]
            public = ["pin_code"]
            internal = ["*code"]
            secret = ["pin*"]
        "#;
        let classes = Classes::load(vec![("own".into(), text.into())]).unwrap();
        let class = |field: &str| classes.class("own", "", field).0;
        assert_eq!([class("PIN_code"), class("pin2_code"), class("zip_code")], [FieldClass::Public, FieldClass::Secret, FieldClass::Internal]);
    }

    #[test]
    fn a_file_that_means_two_things_is_refused_by_name() {
        for (text, why) in [
            ("[any]\npublic = ['a']\nsecret = ['A']", "'a' is said to be public and secret"),
            ("[any]\npublic = ['a*b']", "no pattern"),
            ("[any]\npublic = ['*']", "no pattern"),
            ("[any]\nhidden = ['a']", "unknown field"),
            ("[contact]\npublic = ['a']", "unknown field"),
        ] {
            let said = Classes::load(vec![("own".into(), text.into())]).unwrap_err();
            assert!(said.contains("'own.toml'") && said.contains(why), "{said}");
        }
    }

    #[test]
    fn a_member_decides_over_the_files() {
        let classes = Classes::embedded().unwrap();
        let decided = ClassedField {
            connector: "generic".into(),
            object_type: "ticket".into(),
            field: "status".into(),
            class: FieldClass::Secret,
            member: uuid::Uuid::nil(),
            changed: 0,
        };
        let rulings = Rulings::new(&classes, vec![decided]);
        assert_eq!(rulings.class("generic", "ticket", "Status"), (FieldClass::Secret, Origin::Member));
        assert_eq!(rulings.class("generic", "ticket", "data.Status"), (FieldClass::Secret, Origin::Member), "wherever the field lies in the raw record");
        assert_eq!(rulings.class("generic", "deal", "status"), (FieldClass::Internal, Origin::Generic));
    }
}
