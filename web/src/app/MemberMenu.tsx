import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Session } from "../api";
import { Menu } from "../ui/Menu";
import { ErrorState } from "../ui/states";
import { capital, spoken } from "../ui/words";

export type Scheme = "auto" | "light" | "dark";
const SCHEMES: { value: Scheme; label: string }[] = [
  { value: "auto", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

type Props = {
  session: Session;
  scheme: Scheme;
  onScheme: (scheme: Scheme) => void;
  onKeys: () => void;
  signOut: () => Promise<void>;
};

/** Who is signed in, how the pages look, and the way out. */
export function MemberMenu({ session, scheme, onScheme, onKeys, signOut }: Props) {
  const { name, email, role, departments } = session.member;
  const leave = useMutation({ mutationFn: signOut });
  return (
    <Menu label={name}>
      {(close) => (
        <>
          <p className="vt-who">
            <strong>{capital(spoken(role))}</strong>
            <span className="vt-meta">{email}</span>
            {departments.length > 0 && (
              <span className="vt-meta">{`Sees ${departments.map((one) => one.name).join(", ")}`}</span>
            )}
          </p>
          <fieldset className="vt-segments">
            <legend className="vt-meta">Theme</legend>
            {SCHEMES.map((one) => (
              <button
                key={one.value}
                type="button"
                aria-pressed={one.value === scheme}
                onClick={() => onScheme(one.value)}
              >
                {one.label}
              </button>
            ))}
          </fieldset>
          <p>
            <Link to="/account" onClick={close}>
              My account
            </Link>
          </p>
          <div className="vt-actions">
            <Button
              variant="default"
              size="xs"
              onClick={() => {
                close();
                onKeys();
              }}
            >
              {"Keys "}
              <kbd>?</kbd>
            </Button>
            <Button variant="default" size="xs" loading={leave.isPending} onClick={() => leave.mutate()}>
              Sign out
            </Button>
          </div>
          {leave.isError && <ErrorState what="You are still signed in" error={leave.error} />}
        </>
      )}
    </Menu>
  );
}
