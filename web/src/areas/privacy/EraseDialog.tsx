import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, type LegalBasis, type Whom } from "../../api";
import { useMay } from "../../app/session";
import { Dialog } from "../../ui/Dialog";
import { ErrorState, fieldProblem, Loading } from "../../ui/states";
import { counted } from "../../ui/words";
import { BASES } from "./words";

type Props = { whom: Whom; name: string };

/** Nothing for those who may not. */
export function EraseButton(props: Props) {
  const may = useMay("erasures.create");
  const [open, setOpen] = useState(false);
  if (!may) return null;
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        Erase…
      </Button>
      {open && <EraseDialog {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function EraseDialog({ whom, name, onClose }: Props & { onClose: () => void }) {
  const [basis, setBasis] = useState<LegalBasis>("no_longer_necessary");
  const [reason, setReason] = useState("");
  const cache = useQueryClient();
  const preview = useQuery({
    queryKey: ["erasures", "preview", whom],
    queryFn: ({ signal }) => api.erasurePreview(whom, signal),
  });
  const erase = useMutation({
    mutationFn: () => api.erase({ ...whom, basis, reason }),
    onSuccess: () => void cache.invalidateQueries({ queryKey: ["erasures"] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    erase.mutate();
  };
  const found = preview.data;
  return (
    <Dialog title={`Erase ${name}`} onClose={onClose}>
      {preview.isPending && <Loading rows={3} />}
      {preview.isError && (
        <ErrorState what="What this would erase could not be read" error={preview.error} retry={preview.refetch} />
      )}
      {erase.isSuccess && (
        <p role="status">
          It has begun and cannot be undone. <Link to="/privacy">Follow it under Privacy.</Link>
        </p>
      )}
      {found && !erase.isSuccess && (
        <form className="vt-form" onSubmit={submit}>
          <p>
            {`Names, addresses, labels and raw records of ${counted(found.accounts, "account")} become unreadable in ${counted(found.events, "event")}. The events stay, and so do their proofs. ${counted(found.left, "exported file")} left Veritrail before and cannot be called back.`}
          </p>
          {found.holds.map((hold) => (
            <p className="vt-notice" role="alert" key={hold.id}>
              {`A legal hold of ${hold.owner.name} forbids it: ${hold.reason}`}
            </p>
          ))}
          <NativeSelect
            label="Legal basis"
            data={BASES}
            value={basis}
            error={fieldProblem(erase.error, "basis")}
            onChange={(picked) => setBasis(picked.currentTarget.value as LegalBasis)}
          />
          <TextInput
            label="Reason"
            description="A case number or the like. It stays for ever: do not name the person."
            required
            maxLength={500}
            value={reason}
            error={fieldProblem(erase.error, "reason")}
            onChange={(typed) => setReason(typed.currentTarget.value)}
          />
          <Button type="submit" color="red" loading={erase.isPending} disabled={found.holds.length > 0}>
            Erase for ever
          </Button>
          {erase.isError && <ErrorState what="Nothing was erased" error={erase.error} />}
        </form>
      )}
    </Dialog>
  );
}
