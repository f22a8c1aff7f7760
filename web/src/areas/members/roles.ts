import type { Role } from "../../api";

/** The eight roles, each with what it is for. */
export const ROLES: { value: Role; label: string }[] = [
  { value: "analyst", label: "Analyst: handles alerts, reads the trail masked" },
  { value: "auditor", label: "Auditor: reads everything, changes nothing" },
  { value: "external_auditor", label: "External auditor: the same, inside a scope and until a date" },
  { value: "administrator", label: "Administrator: sources, members and settings, never the trail" },
  { value: "access_owner", label: "Access owner: decides who may reach a department or system" },
  { value: "privacy_officer", label: "Privacy officer: reveals, erasures, holds" },
  { value: "department_lead", label: "Department lead: own department, masked" },
  { value: "employee", label: "Employee: own activity" },
];

export const needsEnd = (role: Role) => role === "external_auditor";
export const needsDepartments = (role: Role) => ["external_auditor", "access_owner", "department_lead"].includes(role);
