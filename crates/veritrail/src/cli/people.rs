//! Who signs in, what they may do, and the people of the company.

use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Authz {
    /// Every operation, and how far each role reaches with it.
    Table,
    /// Why a member may do something now, or may not: the policies that decide, by their id.
    Explain {
        /// The member's address.
        email: String,
        /// As `veritrail authz table` names it.
        operation: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Member {
    List,
    /// Adds a member; the password is read from the terminal's input, or made and printed.
    Add {
        email: String,
        #[arg(long)]
        name: String,
        /// analyst, auditor, external_auditor, administrator, access_owner, privacy_officer, department_lead or employee.
        #[arg(long)]
        role: String,
        /// Departments a lead or access owner answers for, by name.
        #[arg(long = "department")]
        departments: Vec<String>,
        /// When the access ends, RFC 3339; an external auditor must have one.
        #[arg(long)]
        until: Option<String>,
        /// Reads the password from standard input instead of making one.
        #[arg(long)]
        password_stdin: bool,
    },
    /// For who can come in no longer: another password, and no second factor any more; sessions and tokens end.
    Reset {
        email: String,
        /// Reads the password from standard input instead of making one.
        #[arg(long)]
        password_stdin: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum Directory {
    /// Reads a CSV of people; bad lines are reported, good ones kept.
    Import { file: PathBuf },
}
