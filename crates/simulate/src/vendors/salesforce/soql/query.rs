//! A query against an object: names looked up, values compared with what the field holds, records chosen and put in order.

use super::{Comparison, Filter, Literal, Name, Select, fault};
use crate::vendors::salesforce::error::ApiError;
use crate::vendors::salesforce::ids;
use crate::vendors::salesforce::record::{Record, Value};
use crate::vendors::salesforce::schema::{Field, Kind, Object};
use model::Micros;
use std::cmp::Ordering;

const REFERENCE: &str = "Please reference your WSDL or the describe call for the appropriate names.";

/// A query that can be run.
#[derive(Debug)]
pub struct Plan {
    pub object: &'static Object,
    /// Places of the chosen fields, in the order asked for.
    pub fields: Vec<usize>,
    filter: Option<Filter>,
    order: Vec<(usize, bool, bool)>,
    limit: Option<usize>,
}

/// Looks the names up.
///
/// SOAP API Developer Guide, "Error Codes": INVALID_TYPE, INVALID_FIELD; SOQL and SOSL Reference, "fieldExpression Syntax".
pub fn plan(query: &str, select: Select) -> Result<Plan, ApiError> {
    let Some(object) = Object::named(&select.object.text) else { return Err(unsupported(query, &select.object)) };
    let fields = select.fields.iter().map(|name| place(query, object, name)).collect::<Result<_, _>>()?;
    if let Some(filter) = &select.filter {
        check(query, object, filter)?;
    }
    let mut order = Vec::new();
    for by in &select.order {
        let place = place(query, object, &by.field)?;
        if !object.fields[place].sort {
            return Err(fault("INVALID_FIELD", query, by.field.at, &format!("field '{}' can not be sorted in a query call", object.fields[place].name)));
        }
        order.push((place, by.descending, by.nulls_last));
    }
    Ok(Plan { object, fields, filter: select.filter, order, limit: select.limit })
}

/// What an organisation says of an object it does not have, be it invented or not licensed.
pub fn unsupported(query: &str, object: &Name) -> ApiError {
    let message = format!(
        "sObject type '{}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. {REFERENCE}",
        object.text
    );
    fault("INVALID_TYPE", query, object.at, &message)
}

fn place(query: &str, object: &Object, name: &Name) -> Result<usize, ApiError> {
    object.place(&name.text).ok_or_else(|| {
        let message = format!(
            "No such column '{}' on entity '{}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. {REFERENCE}",
            name.text, object.name
        );
        fault("INVALID_FIELD", query, name.at, &message)
    })
}

fn check(query: &str, object: &Object, filter: &Filter) -> Result<(), ApiError> {
    match filter {
        Filter::All(all) | Filter::Any(all) => all.iter().try_for_each(|filter| check(query, object, filter)),
        Filter::Not(inner) => check(query, object, inner),
        Filter::Compare { field: name, comparison, values } => {
            let field = &object.fields[place(query, object, name)?];
            if !field.filter {
                return Err(fault("INVALID_FIELD", query, name.at, &format!("field '{}' can not be filtered in a query call", field.name)));
            }
            if *comparison == Comparison::Like && field.kind != Kind::Text {
                return Err(fault("INVALID_FIELD", query, name.at, &format!("invalid operator on {} field", field.kind.name())));
            }
            for value in values {
                fits(field, value).map_err(|message| fault("INVALID_FIELD", query, name.at, &message))?;
            }
            Ok(())
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
        Literal::Time(_) => field.kind == Kind::Time,
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
    pub fn run<'a>(&self, records: &'a [Record], now: Micros) -> Vec<&'a Record> {
        let matches = |record: &&Record| record.visible(now) && self.filter.as_ref().is_none_or(|filter| self.holds(filter, record));
        let mut found: Vec<&Record> = records.iter().filter(matches).collect();
        found.sort_by(|a, b| {
            let by = self.order.iter().map(|(place, descending, nulls_last)| ordered(&a.values[*place], &b.values[*place], *descending, *nulls_last));
            by.fold(Ordering::Equal, Ordering::then)
        });
        found.truncate(self.limit.unwrap_or(usize::MAX));
        found
    }

    fn holds(&self, filter: &Filter, record: &Record) -> bool {
        match filter {
            Filter::All(all) => all.iter().all(|filter| self.holds(filter, record)),
            Filter::Any(any) => any.iter().any(|filter| self.holds(filter, record)),
            Filter::Not(inner) => !self.holds(inner, record),
            Filter::Compare { field, comparison, values } => {
                let Some(place) = self.object.place(&field.text) else { return false };
                let (kind, value) = (self.object.fields[place].kind, &record.values[place]);
                let equal = |literal: &Literal| compare(kind, value, literal) == Some(Ordering::Equal);
                let first = values.first().unwrap_or(&Literal::Null);
                match comparison {
                    Comparison::Equal | Comparison::In => values.iter().any(equal),
                    Comparison::NotEqual | Comparison::NotIn => !values.iter().any(equal),
                    Comparison::Less => compare(kind, value, first) == Some(Ordering::Less),
                    Comparison::LessOrEqual => matches!(compare(kind, value, first), Some(Ordering::Less | Ordering::Equal)),
                    Comparison::Greater => compare(kind, value, first) == Some(Ordering::Greater),
                    Comparison::GreaterOrEqual => matches!(compare(kind, value, first), Some(Ordering::Greater | Ordering::Equal)),
                    Comparison::Like => matches!((value, first), (Value::Text(text), Literal::Text(pattern)) if like(text, pattern)),
                }
            }
        }
    }
}

/// How the value stands to the literal; `None` where they cannot be compared. Text is compared without case, ids by their first 15 characters.
fn compare(kind: Kind, value: &Value, literal: &Literal) -> Option<Ordering> {
    match (value, literal) {
        (Value::Null, Literal::Null) => Some(Ordering::Equal),
        (Value::Null, Literal::Text(text)) if text.is_empty() => Some(Ordering::Equal),
        (Value::Text(a), Literal::Text(b)) if kind == Kind::Id => Some(ids::short(a).cmp(ids::short(b))),
        (Value::Text(a), Literal::Text(b)) => Some(a.to_lowercase().cmp(&b.to_lowercase())),
        (Value::Int(a), Literal::Number(b)) => (*a as f64).partial_cmp(b),
        (Value::Double(a), Literal::Number(b)) => a.partial_cmp(b),
        (Value::Bool(a), Literal::Bool(b)) => Some(a.cmp(b)),
        (Value::Time(a), Literal::Time(b)) => Some(a.cmp(b)),
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
