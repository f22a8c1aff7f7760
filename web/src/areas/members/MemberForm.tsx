import { Button, Switch } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, type Member } from "../../api";
import { Facts } from "../../ui/Page";
import { ErrorState } from "../../ui/states";
import { Time } from "../../ui/Time";
import { type RoleChoice, RoleFields, sent } from "./RoleFields";

export function MemberForm({ member }: { member: Member }) {
  const [active, setActive] = useState(member.active);
  const [choice, setChoice] = useState<RoleChoice>({
    role: member.role,
    departments: member.departments.map((one) => one.id),
    until: member.until?.slice(0, 10) ?? "",
  });
  const cache = useQueryClient();
  const keep = useMutation({
    mutationFn: () => api.updateMember(member.id, { active, ...sent(choice) }),
    onSuccess: () => void cache.invalidateQueries({ queryKey: ["members"] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keep.mutate();
  };
  return (
    <form className="vt-form" onSubmit={submit}>
      <Facts
        facts={[
          ["E-mail", member.email],
          ["Person", member.person?.name ?? "not linked to the directory"],
          ["Joined", <Time key="joined" at={member.created} />],
        ]}
      />
      <RoleFields choice={choice} onChange={setChoice} error={keep.error} />
      <Switch
        label="May sign in"
        description="Switched off, every session of this member ends."
        checked={active}
        onChange={(turned) => setActive(turned.currentTarget.checked)}
      />
      <Button type="submit" loading={keep.isPending}>
        Keep the changes
      </Button>
      {keep.isSuccess && <p role="status">Kept.</p>}
      {keep.isError && <ErrorState what="Nothing was changed" error={keep.error} />}
    </form>
  );
}
