import { useQuery } from "@tanstack/react-query";
import { api, type Invitation, type Member } from "../../api";
import { useScreen } from "../../app/screen";
import { useMay } from "../../app/session";
import { Drawer } from "../../ui/Drawer";
import { Page, Part, until } from "../../ui/Page";
import { ErrorState, Loading } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Time, TimeOr } from "../../ui/Time";
import { capital, counted, spoken } from "../../ui/words";
import { InviteForm } from "./InviteForm";
import { MemberForm } from "./MemberForm";
import { MemberRights } from "./MemberRights";
import { MemberSessions } from "./MemberSessions";

const COLUMNS: Column<Member>[] = [
  { title: "Name", cell: (member) => member.name },
  { title: "E-mail", cell: (member) => member.email },
  { title: "Role", cell: (member) => capital(spoken(member.role)) },
  { title: "Sees", cell: (member) => member.departments.map((one) => one.name).join(", ") || "as the role says" },
  { title: "State", narrow: true, cell: (member) => (member.active ? "✓ active" : "‖ switched off") },
  { title: "Second factor", narrow: true, cell: (member) => (member.second_factor ? "✓ set up" : "none") },
  { title: "Access ends", narrow: true, cell: (member) => <TimeOr at={member.until} unknown="no end set" /> },
];
const INVITED: Column<Invitation>[] = [
  { title: "E-mail", cell: (one) => one.email },
  { title: "Role", cell: (one) => capital(spoken(one.role)) },
  { title: "Ends", narrow: true, cell: (one) => <Time at={one.expires} /> },
];

export function MembersPage() {
  const { screen, change } = useScreen();
  const mayInvite = useMay("members.invite");
  const mayUpdate = useMay("members.update");
  const members = useQuery({ queryKey: ["members"], queryFn: ({ signal }) => api.members(signal) });
  const data = members.data;
  const active = data?.items.filter((member) => member.active).length ?? 0;
  const off = (data?.items.length ?? 0) - active;
  const opened = data?.items.find((member) => member.id === screen.open);
  return (
    <Page
      title="Members"
      state={
        data
          ? `${counted(active, "member")} may sign in${off ? `, ${off} switched off` : ""}; ${counted(data.invitations.length, "invitation")} not yet accepted.`
          : until(members, "the members")
      }
    >
      {members.isPending && <Loading />}
      {members.isError && (
        <ErrorState what="The members could not be read" error={members.error} retry={members.refetch} />
      )}
      {data && (
        <Table
          label="Members"
          columns={COLUMNS}
          rows={data.items}
          id={(member) => member.id}
          selected={screen.open}
          onOpen={mayUpdate ? (open) => change({ open }) : undefined}
        />
      )}
      {data && data.invitations.length > 0 && (
        <Part title="Invited">
          <Table label="Invitations" columns={INVITED} rows={data.invitations} id={(one) => one.id} />
        </Part>
      )}
      {mayInvite && (
        <Part title="Invite a member">
          <InviteForm />
        </Part>
      )}
      <Drawer title={opened?.name ?? ""} open={opened !== undefined} onClose={() => change({ open: undefined })}>
        {opened && (
          <>
            <MemberForm key={opened.id} member={opened} />
            <MemberRights key={`rights of ${opened.id}`} member={opened} />
            <MemberSessions key={`sessions of ${opened.id}`} member={opened} />
          </>
        )}
      </Drawer>
    </Page>
  );
}
