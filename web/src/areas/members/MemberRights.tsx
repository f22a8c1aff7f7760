import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Member, type Operation } from "../../api";
import { Part } from "../../ui/Page";
import { ErrorState } from "../../ui/states";

/** Why this member may do something, or may not: the sentence and the policies that decide. */
export function MemberRights({ member }: { member: Member }) {
  const [operation, setOperation] = useState<Operation>();
  const table = useQuery({ queryKey: ["roles"], queryFn: ({ signal }) => api.roles(signal) });
  const explained = useQuery({
    queryKey: ["rights", member, operation],
    queryFn: ({ signal }) => api.rights(member.id, operation as Operation, signal),
    enabled: operation !== undefined,
  });
  const error = table.error ?? explained.error;
  return (
    <Part title="May this member …">
      <NativeSelect
        aria-label="Operation to explain"
        value={operation ?? ""}
        onChange={(picked) => setOperation((picked.currentTarget.value || undefined) as Operation | undefined)}
        data={[
          { value: "", label: "Choose what" },
          ...(table.data?.items ?? []).map((row) => ({ value: row.operation, label: `${row.does}?` })),
        ]}
      />
      {error && <ErrorState what="This could not be explained" error={error} />}
      <div aria-live="polite">
        {explained.data && (
          <>
            <p>{explained.data.why}</p>
            {explained.data.policies.length > 0 && (
              <p className="vt-muted">{`Decided by ${explained.data.policies.join(", ")}.`}</p>
            )}
          </>
        )}
      </div>
    </Part>
  );
}
