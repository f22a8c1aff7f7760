import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { api } from "../../api";
import { ErrorState } from "../../ui/states";

/** The company's own sign-in: the browser goes there and comes back to `/provider`. */
export function ByProvider({ title }: { title: string }) {
  const begin = useMutation({
    mutationFn: () => api.beginElsewhere(),
    onSuccess: ({ url }) => window.location.assign(url),
  });
  return (
    <>
      <Button fullWidth mb="md" loading={begin.isPending || begin.isSuccess} onClick={() => begin.mutate()}>
        {title}
      </Button>
      {begin.isError && <ErrorState what="You are not signed in" error={begin.error} />}
      <p className="vt-meta">or with a password of Veritrail's</p>
    </>
  );
}
