import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, type DeliveryPlan, type KeptSearch, type Sharing } from "../../api";
import { useScreen } from "../../app/screen";
import { useMay } from "../../app/session";
import { Drawer } from "../../ui/Drawer";
import { Facts, Page, Part, until } from "../../ui/Page";
import { EmptyState, ErrorState, fieldProblem, Loading } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { counted } from "../../ui/words";
import { opening, planned, SHARING, WEEKDAYS } from "./sharing";

const COLUMNS: Column<KeptSearch>[] = [
  { title: "Search", main: true, cell: (one) => one.name },
  { title: "Owner", narrow: true, cell: (one) => (one.own ? "you" : one.owner.name) },
  { title: "Found by", narrow: true, cell: (one) => SHARING.find((s) => s.value === one.sharing)?.label },
  { title: "Comes to you", cell: (one) => (one.delivery ? planned(one.delivery.plan) : "not by itself") },
];

export function SearchesPage() {
  const { screen, change } = useScreen();
  const searches = useQuery({ queryKey: ["searches"], queryFn: ({ signal }) => api.searches(signal) });
  const items = searches.data?.items;
  const opened = items?.find((one) => one.id === screen.open);
  const delivered = items?.filter((one) => one.delivery).length ?? 0;
  return (
    <Page
      title="Searches"
      state={
        items
          ? `${counted(items.length, "kept search", "kept searches")}, ${delivered} of them delivered to you. What is shared is the question: everybody's answer is what he may see.`
          : until(searches, "the kept searches")
      }
    >
      {searches.isPending && <Loading />}
      {searches.isError && (
        <ErrorState what="The searches could not be read" error={searches.error} retry={searches.refetch} />
      )}
      {items?.length === 0 && (
        <EmptyState title="No search is kept yet">
          <p>Ask something under Activity, then “Keep” it under a name; it can be shared and delivered.</p>
          <Link className="vt-button" to="/activity">
            Go to Activity
          </Link>
        </EmptyState>
      )}
      {items && items.length > 0 && (
        <Table
          label="Kept searches"
          columns={COLUMNS}
          rows={items}
          id={(one) => one.id}
          selected={screen.open}
          onOpen={(open) => change({ open })}
        />
      )}
      <Drawer title={opened?.name ?? ""} open={opened !== undefined} onClose={() => change({ open: undefined })}>
        {opened && <Opened key={opened.id} search={opened} onGone={() => change({ open: undefined })} />}
      </Drawer>
    </Page>
  );
}

function Opened({ search, onGone }: { search: KeptSearch; onGone: () => void }) {
  const mayDeliver = useMay("searches.deliver");
  return (
    <>
      <Link className="vt-button" to="/activity" search={opening(search)}>
        Run it now
      </Link>
      <Facts
        facts={[
          ["Question", <code key="query">{decodeURIComponent(search.query.replace(/\+/g, " "))}</code>],
          ["Owner", search.own ? "you" : search.owner.name],
          ["Last changed", <Time key="changed" at={search.changed} />],
        ]}
      />
      {mayDeliver && (
        <Part title="Delivery to you">
          <Delivery search={search} />
        </Part>
      )}
      {search.own && (
        <Part title="Change it">
          <Change search={search} onGone={onGone} />
        </Part>
      )}
    </>
  );
}

function Change({ search, onGone }: { search: KeptSearch; onGone: () => void }) {
  const [name, setName] = useState(search.name);
  const [sharing, setSharing] = useState<Sharing>(search.sharing);
  const cache = useQueryClient();
  const renew = () => void cache.invalidateQueries({ queryKey: ["searches"] });
  const save = useMutation({
    mutationFn: () => api.changeSearch(search.id, { name, sharing, query: search.query, columns: search.columns }),
    onSuccess: renew,
  });
  const drop = useMutation({
    mutationFn: () => api.removeSearch(search.id),
    onSuccess: () => {
      renew();
      onGone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="vt-form" onSubmit={submit}>
      <TextInput
        label="Name"
        required
        value={name}
        onChange={(typed) => setName(typed.currentTarget.value)}
        error={fieldProblem(save.error, "name")}
      />
      <NativeSelect
        label="Who finds it"
        value={sharing}
        onChange={(picked) => setSharing(picked.currentTarget.value as Sharing)}
        data={SHARING}
      />
      <div className="vt-actions">
        <Button type="submit" loading={save.isPending}>
          Save
        </Button>
        <Button variant="default" loading={drop.isPending} onClick={() => drop.mutate()}>
          Remove the search
        </Button>
      </div>
      {(save.isError || drop.isError) && <ErrorState what="Nothing was changed" error={save.error ?? drop.error} />}
    </form>
  );
}

const FIRST: DeliveryPlan = { every: "day", hour: 6, weekday: 1, format: "csv" };

function Delivery({ search }: { search: KeptSearch }) {
  const [plan, setPlan] = useState<DeliveryPlan>(search.delivery?.plan ?? FIRST);
  const cache = useQueryClient();
  const renew = () => void cache.invalidateQueries({ queryKey: ["searches"] });
  const start = useMutation({ mutationFn: () => api.deliverSearch(search.id, plan), onSuccess: renew });
  const end = useMutation({ mutationFn: () => api.endDelivery(search.id), onSuccess: renew });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    start.mutate();
  };
  return (
    <form className="vt-form" aria-label="Delivery" onSubmit={submit}>
      <p className="vt-meta">
        {search.delivery ? (
          <>
            {`It comes ${planned(search.delivery.plan)}; next `}
            <Time at={search.delivery.next} />.
          </>
        ) : (
          "Its answer is made at that time, masked and within what you may see, and waits under Jobs; a letter tells you."
        )}
      </p>
      <NativeSelect
        label="How often"
        value={plan.every}
        onChange={(picked) => setPlan({ ...plan, every: picked.currentTarget.value as DeliveryPlan["every"] })}
        data={[
          { value: "day", label: "Every day" },
          { value: "week", label: "Every week" },
        ]}
      />
      {plan.every === "week" && (
        <NativeSelect
          label="On"
          value={String(plan.weekday ?? 1)}
          onChange={(picked) => setPlan({ ...plan, weekday: Number(picked.currentTarget.value) })}
          data={WEEKDAYS.map((day, index) => ({ value: String(index + 1), label: day }))}
        />
      )}
      <NativeSelect
        label="At (UTC)"
        value={String(plan.hour)}
        onChange={(picked) => setPlan({ ...plan, hour: Number(picked.currentTarget.value) })}
        data={Array.from({ length: 24 }, (_, hour) => ({
          value: String(hour),
          label: `${String(hour).padStart(2, "0")}:00`,
        }))}
      />
      <NativeSelect
        label="As"
        value={plan.format}
        onChange={(picked) => setPlan({ ...plan, format: picked.currentTarget.value as DeliveryPlan["format"] })}
        data={[
          { value: "csv", label: "CSV" },
          { value: "ndjson", label: "NDJSON" },
        ]}
      />
      <div className="vt-actions">
        <Button type="submit" loading={start.isPending}>
          {search.delivery ? "Change the delivery" : "Have it delivered"}
        </Button>
        {search.delivery && (
          <Button variant="default" loading={end.isPending} onClick={() => end.mutate()}>
            End the delivery
          </Button>
        )}
      </div>
      {(start.isError || end.isError) && <ErrorState what="Nothing was changed" error={start.error ?? end.error} />}
    </form>
  );
}
