//! A query against an object: names looked up, values compared with what the field holds, records chosen and put in order.

use super::{Comparison, Filter, Literal, Name, Select, fault};
use crate::vendors::salesforce::error::ApiError;
use crate::vendors::salesforce::ids;
use crate::vendors::salesforce::record::{Record, Value};
use crate::vendors::salesforce::schema::{self, Field, Kind, Object};
use model::{DAY, Micros};
use std::cmp::Ordering;

const REFERENCE: &str = "Please reference your WSDL or the describe call for the appropriate names.";

/// A field of the record, or of the record that one of its ids leads to.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    pub own: usize,
    /// The relationship's name, the object it leads to, and the field there.
    pub parent: Option<(&'static str, &'static Object, usize)>,
}

impl Path {
    fn field(&self, object: &'static Object) -> &'static Field {
        match self.parent {
            Some((_, parent, place)) => &parent.fields[place],
            None => &object.fields[self.own],
        }
    }

    fn value<'a>(&self, record: &'a Record, parents: &'a dyn Parents) -> &'a Value {
        const NULL: &Value = &Value::Null;
        match (self.parent, &record.values[self.own]) {
            (None, value) => value,
            (Some((_, object, place)), Value::Text(id)) => parents.parent(object, id).map_or(NULL, |parent| &parent.values[place]),
            _ => NULL,
        }
    }
}

/// Where the records are that ids lead to.
pub trait Parents {
    fn parent(&self, object: &Object, id: &str) -> Option<&Record>;
}

/// A query that can be run.
#[derive(Debug)]
pub struct Plan {
    pub object: &'static Object,
    /// The chosen fields, in the order asked for; none where only COUNT() is.
    pub fields: Vec<Path>,
    filter: Option<Bound>,
    order: Vec<(Path, bool, bool)>,
    limit: Option<usize>,
}

/// A condition whose names have been looked up.
#[derive(Debug)]
enum Bound {
    All(Vec<Bound>),
    Any(Vec<Bound>),
    Not(Box<Bound>),
    Compare(Path, Kind, Comparison, Vec<Literal>),
}

/// Looks the names up.
///
/// SOAP API Developer Guide, "Error Codes": INVALID_TYPE, INVALID_FIELD; SOQL and SOSL Reference, "fieldExpression Syntax".
pub fn plan(query: &str, select: Select) -> Result<Plan, ApiError> {
    let Some(object) = Object::named(&select.object.text) else { return Err(unsupported(query, &select.object)) };
    let fields = select.fields.iter().map(|name| path(query, object, name)).collect::<Result<_, _>>()?;
    let filter = select.filter.map(|filter| bind(query, object, filter)).transpose()?;
    let mut order = Vec::new();
    for by in &select.order {
        let path = path(query, object, &by.field)?;
        if !path.field(object).sort {
            return Err(fault("INVALID_FIELD", query, by.field.at, &format!("field '{}' can not be sorted in a query call", by.field.text)));
        }
        order.push((path, by.descending, by.nulls_last));
    }
    Ok(Plan { object, fields, filter, order, limit: select.limit })
}

/// What an organisation says of an object it does not have, be it invented or not licensed.
pub fn unsupported(query: &str, object: &Name) -> ApiError {
    let message = format!(
        "sObject type '{}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. {REFERENCE}",
        object.text
    );
    fault("INVALID_TYPE", query, object.at, &message)
}

fn path(query: &str, object: &'static Object, name: &Name) -> Result<Path, ApiError> {
    let column = |object: &'static Object, field: &str| {
        object.place(field).ok_or_else(|| {
            let message = format!(
                "No such column '{field}' on entity '{}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom \
                 field name. {REFERENCE}",
                object.name
            );
            fault("INVALID_FIELD", query, name.at, &message)
        })
    };
    let Some((relationship, field)) = name.text.split_once('.') else {
        return Ok(Path { own: column(object, &name.text)?, parent: None });
    };
    let (known, own, parent) = schema::parent(object, relationship).ok_or_else(|| {
        let message = format!(
            "Didn't understand relationship '{relationship}' in field path. If you are attempting to use a custom relationship, be sure to append the \
             '__r' after the custom relationship name. {REFERENCE}"
        );
        fault("INVALID_FIELD", query, name.at, &message)
    })?;
    Ok(Path { own, parent: Some((known, parent, column(parent, field)?)) })
}

fn bind(query: &str, object: &'static Object, filter: Filter) -> Result<Bound, ApiError> {
    let all = |filters: Vec<Filter>| filters.into_iter().map(|filter| bind(query, object, filter)).collect::<Result<Vec<_>, _>>();
    match filter {
        Filter::All(filters) => all(filters).map(Bound::All),
        Filter::Any(filters) => all(filters).map(Bound::Any),
        Filter::Not(inner) => Ok(Bound::Not(Box::new(bind(query, object, *inner)?))),
        Filter::Compare { field: name, comparison, values } => {
            let path = path(query, object, &name)?;
            let field = path.field(object);
            if !field.filter {
                return Err(fault("INVALID_FIELD", query, name.at, &format!("field '{}' can not be filtered in a query call", field.name)));
            }
            if comparison == Comparison::Like && field.kind != Kind::Text {
                return Err(fault("INVALID_FIELD", query, name.at, &format!("invalid operator on {} field", field.kind.name())));
            }
            for value in &values {
                fits(field, value).map_err(|message| fault("INVALID_FIELD", query, name.at, &message))?;
            }
            Ok(Bound::Compare(path, field.kind, comparison, values))
        }
    }
}

fn fits(field: &Field, value: &Literal) -> Result<(), String> {
    let right = match value {
        Literal::Null => true,
        Literal::Text(id) if field.kind == Kind::Id => {
            return if id.is_empty() || matches!(id.len(), 15 | 18) && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                Ok(())
            } else {
                Err(format!("invalid ID field: {id}"))
            };
        }
        Literal::Text(_) => field.kind == Kind::Text,
        Literal::Bool(_) => field.kind == Kind::Bool,
        Literal::Number(number) => field.kind == Kind::Double || field.kind == Kind::Int && number.fract() == 0.0,
        Literal::Time(_) | Literal::Days(..) => field.kind == Kind::Time,
        Literal::Date(_) => false,
    };
    if right {
        return Ok(());
    }
    let quotes = if matches!(field.kind, Kind::Text | Kind::Id) { "should be enclosed in quotes" } else { "should not be enclosed in quotes" };
    Err(format!("value of filter criterion for field '{}' must be of type {} and {quotes}", field.name, field.kind.name()))
}

impl Plan {
    /// The records that can be read now and match, in order: by the query, or as they were stored.
    pub fn run<'a>(&self, records: &'a [Record], parents: &'a dyn Parents, now: Micros) -> Vec<&'a Record> {
        let matches = |record: &&Record| record.visible(now) && self.filter.as_ref().is_none_or(|filter| holds(filter, record, parents, now));
        let mut found: Vec<&Record> = records.iter().filter(matches).collect();
        found.sort_by(|a, b| {
            let by = self.order.iter().map(|(path, descending, nulls_last)| {
                let (a, b) = (path.value(a, parents), path.value(b, parents));
                ordered(a, b, *descending, *nulls_last)
            });
            by.fold(Ordering::Equal, Ordering::then)
        });
        found.truncate(self.limit.unwrap_or(usize::MAX));
        found
    }
}

fn holds(filter: &Bound, record: &Record, parents: &dyn Parents, now: Micros) -> bool {
    match filter {
        Bound::All(all) => all.iter().all(|filter| holds(filter, record, parents, now)),
        Bound::Any(any) => any.iter().any(|filter| holds(filter, record, parents, now)),
        Bound::Not(inner) => !holds(inner, record, parents, now),
        Bound::Compare(path, kind, comparison, values) => {
            let value = path.value(record, parents);
            let equal = |literal: &Literal| compare(*kind, value, literal, now) == Some(Ordering::Equal);
            let order = values.first().and_then(|literal| compare(*kind, value, literal, now));
            match comparison {
                Comparison::Equal | Comparison::In => values.iter().any(equal),
                Comparison::NotEqual | Comparison::NotIn => !values.iter().any(equal),
                Comparison::Less => order == Some(Ordering::Less),
                Comparison::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
                Comparison::Greater => order == Some(Ordering::Greater),
                Comparison::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
                Comparison::Like => matches!((value, values.first()), (Value::Text(text), Some(Literal::Text(pattern))) if like(text, pattern)),
            }
        }
    }
}

/// How the value stands to the literal; `None` where they cannot be compared. Text is compared without case, ids by their first 15 characters, and a time
/// within a span of days is equal to it.
fn compare(kind: Kind, value: &Value, literal: &Literal, now: Micros) -> Option<Ordering> {
    match (value, literal) {
        (Value::Null, Literal::Null) => Some(Ordering::Equal),
        (Value::Null, Literal::Text(text)) if text.is_empty() => Some(Ordering::Equal),
        (Value::Text(a), Literal::Text(b)) if kind == Kind::Id => Some(ids::short(a).cmp(ids::short(b))),
        (Value::Text(a), Literal::Text(b)) => Some(a.to_lowercase().cmp(&b.to_lowercase())),
        (Value::Int(a), Literal::Number(b)) => (*a as f64).partial_cmp(b),
        (Value::Double(a), Literal::Number(b)) => a.partial_cmp(b),
        (Value::Bool(a), Literal::Bool(b)) => Some(a.cmp(b)),
        (Value::Time(a), Literal::Time(b)) => Some(a.cmp(b)),
        (Value::Time(time), Literal::Days(from, until)) => {
            let today = now.div_euclid(DAY);
            let day = time.div_euclid(DAY);
            Some(if day < today + from { Ordering::Less } else { (day + 1).cmp(&(today + until)).max(Ordering::Equal) })
        }
        _ => None,
    }
}

fn ordered(a: &Value, b: &Value, descending: bool, nulls_last: bool) -> Ordering {
    let order = match (a, b) {
        (Value::Null, Value::Null) => return Ordering::Equal,
        (Value::Null, _) => return if nulls_last { Ordering::Greater } else { Ordering::Less },
        (_, Value::Null) => return if nulls_last { Ordering::Less } else { Ordering::Greater },
        (Value::Text(a), Value::Text(b)) => a.to_lowercase().cmp(&b.to_lowercase()),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Double(a), Value::Double(b)) => a.total_cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Time(a), Value::Time(b)) => a.cmp(b),
        _ => Ordering::Equal,
    };
    if descending { order.reverse() } else { order }
}

/// `%` is any run of characters, `_` is one. SOQL and SOSL Reference, "Comparison Operators", LIKE.
fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for c in pattern.to_lowercase().chars() {
        let before = reached.clone();
        let mut any = false;
        for place in 0..=text.len() {
            any |= before[place];
            reached[place] = match c {
                '%' => any,
                '_' => place > 0 && before[place - 1],
                c => place > 0 && before[place - 1] && text[place - 1] == c,
            };
        }
    }
    reached[text.len()]
}
