import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type Account, api } from "../../api";
import { Enrol, RecoveryCodes } from "../../ui/Enrol";
import { ErrorState, fieldProblem } from "../../ui/states";
import { Time } from "../../ui/Time";
import { counted } from "../../ui/words";

/** The authenticator app and its recovery codes. */
export function SecondFactor({ account }: { account: Account }) {
  const cache = useQueryClient();
  const renew = () => {
    void cache.invalidateQueries({ queryKey: ["account"] });
    void cache.invalidateQueries({ queryKey: ["session"] });
  };
  const begin = useMutation({ mutationFn: () => api.beginFactor() });
  const confirm = useMutation({
    mutationFn: (code: string) => api.confirmFactor(code),
    onSuccess: () => {
      begin.reset();
      renew();
    },
  });
  const codes = useMutation({ mutationFn: () => api.renewRecoveryCodes(), onSuccess: renew });
  const remove = useMutation({
    mutationFn: () => api.removeFactor(),
    onSuccess: () => {
      confirm.reset();
      codes.reset();
      renew();
    },
  });
  const shown = codes.data?.codes ?? confirm.data?.codes;
  const failed = [begin, codes, remove].find((one) => one.isError);
  return (
    <>
      {account.second_factor ? (
        <>
          <p>
            {"An authenticator app was set up "}
            <Time at={account.second_factor} ageOnly />
            {`; ${counted(account.recovery_codes_left, "recovery code")} left.`}
          </p>
          <div className="vt-actions">
            <Button variant="default" loading={codes.isPending} onClick={() => codes.mutate()}>
              Make new recovery codes
            </Button>
            <Button
              variant="default"
              loading={remove.isPending}
              onClick={() =>
                window.confirm(
                  account.second_factor_needed
                    ? "Take the second factor away? You are signed out, and set up another as you come in again."
                    : "Take the second factor away? Your password alone lets you in from then on.",
                ) && remove.mutate()
              }
            >
              Take it away
            </Button>
          </div>
        </>
      ) : (
        !begin.data && (
          <>
            <p>
              With an authenticator app on your phone, a password that somebody learned is not enough to come in as you.
            </p>
            <Button loading={begin.isPending} onClick={() => begin.mutate()}>
              Set up an authenticator app
            </Button>
          </>
        )
      )}
      {begin.data && (
        <div className="vt-enrol">
          <Enrol
            enrolment={begin.data}
            pending={confirm.isPending}
            problem={fieldProblem(confirm.error, "code")}
            onCode={(code) => confirm.mutate(code)}
          />
        </div>
      )}
      {confirm.isError && <ErrorState what="It is not set up yet" error={confirm.error} />}
      {failed && <ErrorState what="Nothing was changed" error={failed.error} />}
      {shown && <RecoveryCodes codes={shown} />}
    </>
  );
}
