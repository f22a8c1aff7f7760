import { Button, Radio, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Alert, api, type Verdict } from "../../api";
import { useMay } from "../../app/session";
import { Part } from "../../ui/Page";
import { ErrorState } from "../../ui/states";

const VERDICTS: { value: Verdict; label: string; help: string }[] = [
  { value: "true", label: "True", help: "It is what it looks like." },
  { value: "expected", label: "Expected", help: "It happened, and somebody was allowed to." },
  { value: "noise", label: "Noise", help: "The rule should not have fired." },
];

export function VerdictForm({ alert }: { alert: Alert }) {
  const may = useMay("alerts.judge");
  const [verdict, setVerdict] = useState<string>(alert.verdict ?? "");
  const [note, setNote] = useState("");
  const cache = useQueryClient();
  const judge = useMutation({
    mutationFn: () => api.judge(alert.id, verdict as Verdict, note),
    onSuccess: () => {
      setNote("");
      for (const name of ["alert", "alerts", "overview"]) void cache.invalidateQueries({ queryKey: [name] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    judge.mutate();
  };
  const given = VERDICTS.find((one) => one.value === alert.verdict);
  return (
    <Part title="Verdict">
      <p role="status">
        {given
          ? `Judged: ${given.label.toLowerCase()}. ${alert.verdict_note ?? ""}`
          : "Nobody has judged this alert yet."}
      </p>
      {may && (
        <form onSubmit={submit}>
          <Radio.Group size="sm" value={verdict} onChange={setVerdict} label="What was it?">
            {VERDICTS.map((one) => (
              <Radio size="xs" key={one.value} mt={8} value={one.value} label={one.label} description={one.help} />
            ))}
          </Radio.Group>
          <Textarea
            mt="sm"
            size="sm"
            autosize
            minRows={2}
            label="Note"
            description="Why: the next person reads it."
            value={note}
            onChange={(typed) => setNote(typed.currentTarget.value)}
          />
          <Button type="submit" size="xs" my="sm" disabled={!verdict} loading={judge.isPending}>
            Give the verdict
          </Button>
          {judge.isError && <ErrorState what="The verdict was not kept" error={judge.error} />}
        </form>
      )}
    </Part>
  );
}
