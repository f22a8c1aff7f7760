//! Classes that members gave fields, in place of those that come with Veritrail.

use super::row::{id, id_value, word};
use crate::{
    Result,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;
use model::{ClassedField, FieldClass};
use sea_orm::QueryResult;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    name: "field_classes_1",
    statements: &["CREATE TABLE field_classes (connector TEXT NOT NULL, object_type TEXT NOT NULL, field TEXT NOT NULL, class TEXT NOT NULL, \
            member BYTEA NOT NULL, changed BIGINT NOT NULL, PRIMARY KEY (connector, object_type, field))"],
}];

const SELECT: &str = "SELECT connector, object_type, field, class, member, changed FROM field_classes";

#[async_trait]
pub trait FieldClasses {
    /// By connector, object type and field.
    async fn field_classes(&self) -> Result<Vec<ClassedField>>;
    async fn field_class(&self, connector: &str, object_type: &str, field: &str) -> Result<Option<ClassedField>>;
    async fn put_field_class(&self, classed: &ClassedField) -> Result<()>;
    /// False when it had none.
    async fn drop_field_class(&self, connector: &str, object_type: &str, field: &str) -> Result<bool>;
}

#[async_trait]
impl<H: Handle + ?Sized> FieldClasses for H {
    async fn field_classes(&self) -> Result<Vec<ClassedField>> {
        self.rows(&format!("{SELECT} ORDER BY connector, object_type, field"), vec![]).await?.iter().map(read).collect()
    }

    async fn field_class(&self, connector: &str, object_type: &str, field: &str) -> Result<Option<ClassedField>> {
        let sql = format!("{SELECT} WHERE connector = $1 AND object_type = $2 AND field = $3");
        self.rows(&sql, vec![connector.into(), object_type.into(), field.into()]).await?.first().map(read).transpose()
    }

    async fn put_field_class(&self, classed: &ClassedField) -> Result<()> {
        let sql = "INSERT INTO field_classes (connector, object_type, field, class, member, changed) VALUES ($1, $2, $3, $4, $5, $6) \
            ON CONFLICT (connector, object_type, field) DO UPDATE SET class = excluded.class, member = excluded.member, changed = excluded.changed";
        let values = vec![
            classed.connector.as_str().into(),
            classed.object_type.as_str().into(),
            classed.field.as_str().into(),
            classed.class.name().into(),
            id_value(classed.member),
            classed.changed.into(),
        ];
        self.execute(sql, values).await.map(drop)
    }

    async fn drop_field_class(&self, connector: &str, object_type: &str, field: &str) -> Result<bool> {
        let sql = "DELETE FROM field_classes WHERE connector = $1 AND object_type = $2 AND field = $3";
        Ok(self.execute(sql, vec![connector.into(), object_type.into(), field.into()]).await? == 1)
    }
}

fn read(row: &QueryResult) -> Result<ClassedField> {
    Ok(ClassedField {
        connector: column(row, "connector")?,
        object_type: column(row, "object_type")?,
        field: column(row, "field")?,
        class: word(row, "class", FieldClass::from_name)?,
        member: id(row, "member")?,
        changed: column(row, "changed")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::databases;
    use uuid::Uuid;

    #[tokio::test]
    async fn the_last_class_of_a_field_stays_until_it_is_dropped() {
        for db in databases().await {
            let classed = |field: &str, class, changed| ClassedField {
                connector: "generic".into(),
                object_type: "contact".into(),
                field: field.into(),
                class,
                member: Uuid::from_u128(3),
                changed,
            };
            db.put_field_class(&classed("status", FieldClass::Internal, 1)).await.unwrap();
            db.put_field_class(&classed("email", FieldClass::Sensitive, 2)).await.unwrap();
            db.put_field_class(&classed("status", FieldClass::Secret, 3)).await.unwrap();
            let (email, status) = (classed("email", FieldClass::Sensitive, 2), classed("status", FieldClass::Secret, 3));
            assert_eq!(db.field_classes().await.unwrap(), [email, status.clone()]);
            assert_eq!(db.field_class("generic", "contact", "status").await.unwrap(), Some(status));
            assert!(db.drop_field_class("generic", "contact", "status").await.unwrap());
            assert!(!db.drop_field_class("generic", "contact", "status").await.unwrap());
            assert_eq!(db.field_class("generic", "contact", "status").await.unwrap(), None);
        }
    }
}
