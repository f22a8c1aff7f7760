import { Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, type Role } from "../../api";
import { useMay } from "../../app/session";
import { fieldProblem } from "../../ui/states";
import { needsDepartments, needsEnd, ROLES } from "./roles";

export type RoleChoice = { role: Role; departments: string[]; until: string };
type Props = { choice: RoleChoice; onChange: (choice: RoleChoice) => void; error: unknown };

/** The role, and what that role needs besides: departments, a last day. */
export function RoleFields({ choice, onChange, error }: Props) {
  const mayDepartments = useMay("departments.list");
  const departments = useQuery({
    queryKey: ["departments"],
    queryFn: ({ signal }) => api.departments(signal),
    enabled: mayDepartments && needsDepartments(choice.role),
  });
  return (
    <>
      <NativeSelect
        label="Role"
        data={ROLES}
        value={choice.role}
        error={fieldProblem(error, "role")}
        onChange={(picked) => onChange({ ...choice, role: picked.currentTarget.value as Role })}
      />
      {needsDepartments(choice.role) && (
        <Checkbox.Group
          label="Departments"
          value={choice.departments}
          error={fieldProblem(error, "departments")}
          onChange={(chosen) => onChange({ ...choice, departments: chosen })}
        >
          {departments.data?.items.map((one) => (
            <Checkbox key={one.id} mt={4} value={one.id} label={one.name} />
          ))}
          {departments.data?.items.length === 0 && <p className="vt-meta">The directory has no department yet.</p>}
          {!mayDepartments && <p className="vt-meta">Your role does not read the departments.</p>}
        </Checkbox.Group>
      )}
      {needsEnd(choice.role) && (
        <TextInput
          type="date"
          label="Access ends after"
          required
          value={choice.until}
          error={fieldProblem(error, "until")}
          onChange={(typed) => onChange({ ...choice, until: typed.currentTarget.value })}
        />
      )}
    </>
  );
}

/** What is sent: nothing that the role does not need; the last day counts whole. */
export function sent(choice: RoleChoice): { role: Role; departments?: string[]; until?: string } {
  return {
    role: choice.role,
    departments: needsDepartments(choice.role) ? choice.departments : undefined,
    until: needsEnd(choice.role) && choice.until ? new Date(`${choice.until}T23:59:59`).toISOString() : undefined,
  };
}
