//! The objects served, with the fields that the Object Reference lists for them, and whether a field can be filtered and sorted.
//!
//! Object Reference for the Salesforce Platform, "Standard Objects", the page of each object, section "Fields", property lines Filter and Sort.

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Id,
    Text,
    Int,
    Double,
    Bool,
    Time,
    /// Served at its own address only.
    Blob,
}

impl Kind {
    /// The name in a description of an object.
    pub fn described(self) -> &'static str {
        match self {
            Kind::Id => "id",
            Kind::Time => "datetime",
            other => other.name(),
        }
    }

    /// The name that error messages use.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Id => "ID",
            Kind::Text => "string",
            Kind::Int => "int",
            Kind::Double => "double",
            Kind::Bool => "boolean",
            Kind::Time => "dateTime",
            Kind::Blob => "base64",
        }
    }
}

/// One field of an object.
#[derive(Debug)]
pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub filter: bool,
    pub sort: bool,
}

/// One object that can be queried.
#[derive(Debug)]
pub struct Object {
    pub name: &'static str,
    pub fields: &'static [Field],
}

impl Object {
    /// The object of this name; names of objects and fields are compared without case.
    pub fn named(name: &str) -> Option<&'static Object> {
        OBJECTS.iter().find(|object| object.name.eq_ignore_ascii_case(name))
    }

    /// Where the field stands in a record.
    pub fn place(&self, field: &str) -> Option<usize> {
        self.fields.iter().position(|f| f.name.eq_ignore_ascii_case(field))
    }
}

/// The object that a relationship leads to, and the field of this object that holds its id. LoginHistory's UserId has no relationship.
///
/// SOQL and SOSL Reference, "Understanding Relationship Names": the name is the field's without Id.
pub fn parent(object: &Object, relationship: &str) -> Option<(&'static str, usize, &'static Object)> {
    const LEADS: [(&str, &str); 7] = [
        ("CreatedBy", "User"),
        ("LastModifiedBy", "User"),
        ("Manager", "User"),
        ("Assignee", "User"),
        ("Profile", "Profile"),
        ("UserRole", "UserRole"),
        ("PermissionSet", "PermissionSet"),
    ];
    let (name, to) = LEADS.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(relationship))?;
    Some((name, object.place(&format!("{name}Id"))?, Object::named(to)?))
}

const fn full(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, filter: true, sort: true }
}

/// Can be sorted by, and not filtered.
const fn shown(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, filter: false, sort: true }
}

const fn opaque(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, filter: false, sort: false }
}

use Kind::{Blob, Bool, Double, Id, Int, Text, Time};

pub static OBJECTS: [Object; 9] = [
    // "EventLogFile".
    Object {
        name: "EventLogFile",
        fields: &[
            full("Id", Id),
            full("IsDeleted", Bool),
            full("CreatedById", Id),
            full("CreatedDate", Time),
            full("LastModifiedById", Id),
            full("LastModifiedDate", Time),
            full("SystemModstamp", Time),
            full("EventType", Text),
            full("LogDate", Time),
            full("LogFileLength", Double),
            full("LogFileContentType", Text),
            full("ApiVersion", Double),
            full("Sequence", Int),
            full("Interval", Text),
            opaque("LogFileFieldNames", Text),
            opaque("LogFileFieldTypes", Text),
            opaque("LogFile", Blob),
        ],
    },
    // "LoginHistory": its section "Usage" lists the only fields that can be filtered.
    Object {
        name: "LoginHistory",
        fields: &[
            full("Id", Id),
            full("UserId", Id),
            full("LoginTime", Time),
            full("LoginType", Text),
            full("LoginUrl", Text),
            full("NetworkId", Id),
            full("AuthenticationServiceId", Id),
            full("TlsProtocol", Text),
            full("CipherSuite", Text),
            full("CountryIso", Text),
            full("AuthMethodReference", Text),
            full("LoginGeoId", Id),
            shown("SourceIp", Text),
            shown("Browser", Text),
            shown("Platform", Text),
            shown("Status", Text),
            shown("Application", Text),
            shown("ClientVersion", Text),
            shown("ApiType", Text),
            shown("ApiVersion", Text),
        ],
    },
    // "SetupAuditTrail": Display and Section have no Filter.
    Object {
        name: "SetupAuditTrail",
        fields: &[
            full("Id", Id),
            full("Action", Text),
            shown("Section", Text),
            full("CreatedDate", Time),
            full("CreatedById", Id),
            shown("Display", Text),
            full("DelegateUser", Text),
            full("ResponsibleNamespacePrefix", Text),
            full("CreatedByContext", Text),
            full("CreatedByIssuer", Text),
        ],
    },
    // "User".
    Object {
        name: "User",
        fields: &[
            full("Id", Id),
            full("Username", Text),
            full("LastName", Text),
            full("FirstName", Text),
            full("Name", Text),
            full("Email", Text),
            full("Alias", Text),
            full("IsActive", Bool),
            full("UserType", Text),
            full("Title", Text),
            full("Department", Text),
            full("EmployeeNumber", Text),
            full("FederationIdentifier", Text),
            full("TimeZoneSidKey", Text),
            full("ProfileId", Id),
            full("UserRoleId", Id),
            full("ManagerId", Id),
            full("LastLoginDate", Time),
            full("CreatedDate", Time),
            full("CreatedById", Id),
            full("LastModifiedDate", Time),
            full("LastModifiedById", Id),
            full("SystemModstamp", Time),
        ],
    },
    // "Profile".
    Object {
        name: "Profile",
        fields: &[
            full("Id", Id),
            full("Name", Text),
            full("Description", Text),
            full("UserType", Text),
            full("UserLicenseId", Id),
            full("PermissionsModifyAllData", Bool),
            full("PermissionsViewAllData", Bool),
            full("PermissionsManageUsers", Bool),
            full("PermissionsViewSetup", Bool),
            full("PermissionsApiEnabled", Bool),
            full("CreatedDate", Time),
            full("LastModifiedDate", Time),
            full("SystemModstamp", Time),
        ],
    },
    // "PermissionSet": every profile owns one as well (IsOwnedByProfile).
    Object {
        name: "PermissionSet",
        fields: &[
            full("Id", Id),
            full("Name", Text),
            full("Label", Text),
            full("Description", Text),
            full("Type", Text),
            full("IsCustom", Bool),
            full("IsOwnedByProfile", Bool),
            full("ProfileId", Id),
            full("PermissionSetGroupId", Id),
            full("PermissionsModifyAllData", Bool),
            full("PermissionsViewAllData", Bool),
            full("PermissionsManageUsers", Bool),
            full("PermissionsViewSetup", Bool),
            full("PermissionsApiEnabled", Bool),
            full("PermissionsViewEventLogFiles", Bool),
            full("CreatedDate", Time),
            full("LastModifiedDate", Time),
            full("SystemModstamp", Time),
        ],
    },
    // "PermissionSetAssignment".
    Object {
        name: "PermissionSetAssignment",
        fields: &[
            full("Id", Id),
            full("PermissionSetId", Id),
            full("PermissionSetGroupId", Id),
            full("AssigneeId", Id),
            full("ExpirationDate", Time),
            full("IsActive", Bool),
            full("SystemModstamp", Time),
        ],
    },
    // "UserRole".
    Object {
        name: "UserRole",
        fields: &[
            full("Id", Id),
            full("Name", Text),
            full("DeveloperName", Text),
            full("ParentRoleId", Id),
            full("RollupDescription", Text),
            full("PortalType", Text),
            full("LastModifiedDate", Time),
            full("SystemModstamp", Time),
        ],
    },
    // "StandardObjectNameHistory": OldValue and NewValue have no Filter.
    Object {
        name: "AccountHistory",
        fields: &[
            full("Id", Id),
            full("IsDeleted", Bool),
            full("AccountId", Id),
            full("CreatedById", Id),
            full("CreatedDate", Time),
            full("Field", Text),
            full("DataType", Text),
            shown("OldValue", Text),
            shown("NewValue", Text),
        ],
    },
];
