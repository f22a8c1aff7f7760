import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, type Reveal } from "../../api";
import { useMay } from "../../app/session";
import { Part } from "../../ui/Page";
import { EmptyState, ErrorState, Loading } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { standingWords } from "./words";

/** Requests come from elsewhere: looked for this often. */
const FOLLOW_MS = 15_000;

/** Who was shown which masked values, why, and who approved. Values are nowhere here. */
export function Reveals() {
  const mayDecide = useMay("reveals.decide");
  const reveals = useQuery({
    queryKey: ["reveals"],
    queryFn: ({ signal }) => api.reveals(signal),
    refetchInterval: FOLLOW_MS,
  });
  const columns: Column<Reveal>[] = [
    { title: "Values", cell: (one) => `${one.fields.join(", ")} of ${one.position}` },
    { title: "Class", narrow: true, cell: (one) => one.class },
    { title: "Reason", cell: (one) => one.reason },
    { title: "Asked by", cell: (one) => one.member.name },
    { title: "Asked", narrow: true, cell: (one) => <Time at={one.asked} /> },
    { title: "State", cell: (one) => <State reveal={one} mayDecide={mayDecide} /> },
  ];
  return (
    <Part title="Reveals">
      {reveals.isPending && <Loading rows={2} />}
      {reveals.isError && (
        <ErrorState what="The reveals could not be read" error={reveals.error} retry={reveals.refetch} />
      )}
      {reveals.data?.items.length === 0 && (
        <EmptyState title="Nothing was revealed">
          {`Analysts and auditors reveal masked values in an event, up to ${reveals.data.per_day} a day each; sensitive ones wait here for approval.`}
        </EmptyState>
      )}
      {reveals.data && reveals.data.items.length > 0 && (
        <Table label="Reveals" columns={columns} rows={reveals.data.items} id={(one) => one.id} />
      )}
    </Part>
  );
}

function State({ reveal, mayDecide }: { reveal: Reveal; mayDecide: boolean }) {
  const cache = useQueryClient();
  const decide = useMutation({
    mutationFn: (approve: boolean) => api.decideReveal(reveal.id, approve),
    onSettled: () => void cache.invalidateQueries({ queryKey: ["reveals"] }),
  });
  const by = reveal.decided_by ? ` by ${reveal.decided_by.name}` : "";
  return (
    <>
      <span>{`${standingWords(reveal)}${by}`}</span>{" "}
      {reveal.standing === "asked" && mayDecide && (
        <>
          <Button size="compact-xs" loading={decide.isPending} onClick={() => decide.mutate(true)}>
            Approve
          </Button>{" "}
          <Button size="compact-xs" variant="default" loading={decide.isPending} onClick={() => decide.mutate(false)}>
            Decline
          </Button>
        </>
      )}
      {decide.isError && <ErrorState what="It was not decided" error={decide.error} />}
    </>
  );
}
