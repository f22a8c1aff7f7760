import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useState } from "react";
import { api, type Hold } from "../../api";
import { useMay } from "../../app/session";
import { Part } from "../../ui/Page";
import { EmptyState, ErrorState, fieldProblem, Loading } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { HELD } from "./words";

export function Holds() {
  const mayPlace = useMay("holds.create");
  const mayRelease = useMay("holds.release");
  const holds = useQuery({ queryKey: ["holds"], queryFn: ({ signal }) => api.holds(signal) });
  const columns: Column<Hold>[] = [
    { title: "Holds", cell: (hold) => <HeldThing hold={hold} /> },
    { title: "Reason", cell: (hold) => hold.reason },
    { title: "Owner", cell: (hold) => hold.owner.name },
    { title: "Since", narrow: true, cell: (hold) => <Time at={hold.created} /> },
    { title: "State", narrow: true, cell: (hold) => <State hold={hold} mayRelease={mayRelease} /> },
  ];
  return (
    <Part title="Legal holds">
      {holds.isPending && <Loading rows={2} />}
      {holds.isError && (
        <ErrorState what="The legal holds could not be read" error={holds.error} retry={holds.refetch} />
      )}
      {holds.data?.items.length === 0 && (
        <EmptyState title="Nothing is held">A hold keeps what a suit or an inquiry needs from being erased.</EmptyState>
      )}
      {holds.data && holds.data.items.length > 0 && (
        <Table label="Legal holds" columns={columns} rows={holds.data.items} id={(hold) => hold.id} />
      )}
      {mayPlace && <PlaceHold />}
    </Part>
  );
}

function HeldThing({ hold }: { hold: Hold }): ReactNode {
  const words = HELD[hold.kind];
  if (hold.held === null) return words;
  if (hold.kind === "person") return <Link to="/persons/$id" params={{ id: hold.held }}>{`${words} ↗`}</Link>;
  if (hold.kind === "subject") return <Link to="/subjects/$id" params={{ id: hold.held }}>{`${words} ↗`}</Link>;
  return `${words} (${hold.held})`;
}

function State({ hold, mayRelease }: { hold: Hold; mayRelease: boolean }) {
  const cache = useQueryClient();
  const release = useMutation({
    mutationFn: () => api.releaseHold(hold.id),
    onSuccess: () => void cache.invalidateQueries({ queryKey: ["holds"] }),
  });
  if (hold.released) {
    return (
      <>
        {"Released "}
        <Time at={hold.released} />
        {hold.released_by && ` by ${hold.released_by.name}`}
      </>
    );
  }
  if (!mayRelease) return "In force";
  return (
    <>
      <Button size="xs" variant="default" loading={release.isPending} onClick={() => release.mutate()}>
        Release
      </Button>
      {release.isError && <ErrorState what="It was not released" error={release.error} />}
    </>
  );
}

const KINDS = (Object.keys(HELD) as Hold["kind"][]).map((value) => ({ value, label: HELD[value] }));

function PlaceHold() {
  const [kind, setKind] = useState<Hold["kind"]>("everything");
  const [id, setId] = useState("");
  const [reason, setReason] = useState("");
  const cache = useQueryClient();
  const place = useMutation({
    mutationFn: () => api.placeHold({ kind, id: kind === "everything" ? null : id.trim(), reason }),
    onSuccess: () => {
      setReason("");
      setId("");
      void cache.invalidateQueries({ queryKey: ["holds"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    place.mutate();
  };
  return (
    <form className="vt-form" aria-label="Place a legal hold" onSubmit={submit}>
      <NativeSelect
        label="Hold"
        data={KINDS}
        value={kind}
        error={fieldProblem(place.error, "kind")}
        onChange={(picked) => setKind(picked.currentTarget.value as Hold["kind"])}
      />
      {kind !== "everything" && (
        <TextInput
          label="Its id"
          description="The last part of the address of the page of the person, account, record or source."
          required
          value={id}
          error={fieldProblem(place.error, "id")}
          onChange={(typed) => setId(typed.currentTarget.value)}
        />
      )}
      <TextInput
        label="Reason"
        description="The suit, inquiry or duty it serves."
        required
        maxLength={500}
        value={reason}
        error={fieldProblem(place.error, "reason")}
        onChange={(typed) => setReason(typed.currentTarget.value)}
      />
      <Button type="submit" variant="default" loading={place.isPending}>
        Place the hold
      </Button>
      {place.isError && <ErrorState what="Nothing is held" error={place.error} />}
    </form>
  );
}
