import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api";
import { FilePick } from "../../ui/FilePick";
import { Menu } from "../../ui/Menu";
import { ErrorState } from "../../ui/states";
import { count, counted } from "../../ui/words";

/** Brings the directory file in: who works where, and whose accounts are whose. */
export function ImportDirectory() {
  const cache = useQueryClient();
  const [share, setShare] = useState(0);
  const bring = useMutation({
    mutationFn: (file: File) => {
      setShare(0);
      return api.importDirectory(file, setShare);
    },
    onSuccess: () => {
      for (const name of ["persons", "person", "departments"]) void cache.invalidateQueries({ queryKey: [name] });
    },
  });
  const result = bring.data;
  return (
    <Menu label="Import directory">
      {() => (
        <>
          <FilePick
            disabled={bring.isPending}
            label="Directory file (CSV)"
            accept=".csv,text/csv"
            onPick={(file) => bring.mutate(file)}
          />
          {bring.isPending && <progress aria-label="Sent" value={share} />}
          {bring.isError && <ErrorState what="The directory was not imported" error={bring.error} />}
          {result && (
            <div role="status">
              <p>{`${result.persons_added === 1 ? "1 person" : `${count(result.persons_added)} people`} added, ${result.persons_changed} changed, ${counted(result.departments_added, "department")} and ${counted(result.links_added, "account link")} added.`}</p>
              {result.refused.length > 0 && <p>{`${counted(result.refused.length, "line")} refused:`}</p>}
              <ul>
                {result.refused.slice(0, 20).map((one) => (
                  <li key={one.line}>{`Line ${one.line}: ${one.reason}`}</li>
                ))}
              </ul>
            </div>
          )}
        </>
      )}
    </Menu>
  );
}
