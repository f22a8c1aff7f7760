import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { Session } from "../../api";
import { hasPasskeys, signInByPasskey } from "../../ui/passkey";
import { ErrorState } from "../../ui/states";

/** Nothing where the browser knows no passkeys. */
export function ByPasskey({ onDone }: { onDone: (session: Session) => void }) {
  const show = useMutation({ mutationFn: () => signInByPasskey(), onSuccess: onDone });
  if (!hasPasskeys()) return null;
  return (
    <>
      <Button variant="default" fullWidth mb="md" loading={show.isPending} onClick={() => show.mutate()}>
        Use a passkey
      </Button>
      {show.isError && <ErrorState what="You are not signed in" error={show.error} />}
    </>
  );
}
