//! Departments of the organisation.

use super::row::{id, id_value, optional_id, optional_id_value, unsigned};
use crate::{
    Result,
    sql::{Handle, Migration, column},
};
use async_trait::async_trait;
use model::{Department, Micros};
use sea_orm::QueryResult;
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { name: "departments_1", statements: &["CREATE TABLE departments (id BYTEA PRIMARY KEY, name TEXT NOT NULL UNIQUE, parent BYTEA)"] }];

/// An organisation has at most hundreds of departments, so lists are whole.
#[async_trait]
pub trait Departments {
    /// `Conflict` when the name is taken.
    async fn add_department(&self, department: &Department) -> Result<()>;
    async fn set_department_parent(&self, id: Uuid, parent: Option<Uuid>) -> Result<()>;
    /// All, by name.
    async fn departments(&self) -> Result<Vec<Department>>;
    /// How many persons belong to each at this time; empty ones are left out.
    async fn department_sizes(&self, at: Micros) -> Result<Vec<(Uuid, u64)>>;
}

#[async_trait]
impl<H: Handle + ?Sized> Departments for H {
    async fn add_department(&self, department: &Department) -> Result<()> {
        let values = vec![id_value(department.id), department.name.as_str().into(), optional_id_value(department.parent)];
        self.execute("INSERT INTO departments (id, name, parent) VALUES ($1, $2, $3)", values).await.map(drop)
    }

    async fn set_department_parent(&self, id: Uuid, parent: Option<Uuid>) -> Result<()> {
        self.execute("UPDATE departments SET parent = $2 WHERE id = $1", vec![id_value(id), optional_id_value(parent)]).await.map(drop)
    }

    async fn departments(&self) -> Result<Vec<Department>> {
        self.rows("SELECT id, name, parent FROM departments ORDER BY name", vec![]).await?.iter().map(read).collect()
    }

    async fn department_sizes(&self, at: Micros) -> Result<Vec<(Uuid, u64)>> {
        let sql = "SELECT department, COUNT(DISTINCT person) AS persons FROM employments \
            WHERE (from_time IS NULL OR from_time <= $1) AND (until_time IS NULL OR until_time > $1) GROUP BY department";
        self.rows(sql, vec![at.into()]).await?.iter().map(|row| Ok((id(row, "department")?, unsigned(row, "persons")?))).collect()
    }
}

fn read(row: &QueryResult) -> Result<Department> {
    Ok(Department { id: id(row, "id")?, name: column(row, "name")?, parent: optional_id(row, "parent")? })
}
