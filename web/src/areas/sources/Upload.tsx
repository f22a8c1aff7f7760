import { NativeSelect } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, type SourceDetail } from "../../api";
import { FilePick } from "../../ui/FilePick";
import { ErrorState } from "../../ui/states";
import { bytes, counted } from "../../ui/words";

/** Imports a file the CRM wrote. The same file twice gives no second event. */
export function Upload({ source }: { source: SourceDetail }) {
  const [stream, setStream] = useState("");
  const [share, setShare] = useState(0);
  const cache = useQueryClient();
  const send = useMutation({
    mutationFn: (file: File) => {
      setShare(0);
      return api.upload(source.id, stream, file, setShare);
    },
    onSettled: () => {
      for (const name of ["source", "sources", "overview"]) void cache.invalidateQueries({ queryKey: [name] });
    },
  });
  const result = send.data;
  return (
    <div className="vt-form">
      <NativeSelect
        label="Stream"
        description="Leave it to Veritrail when the file says itself what it holds."
        value={stream}
        onChange={(picked) => setStream(picked.currentTarget.value)}
        data={[
          { value: "", label: "As the file says" },
          ...source.streams.map((one) => ({ value: one.stream, label: one.title })),
        ]}
      />
      <FilePick label="File" disabled={send.isPending} onPick={(file) => send.mutate(file)} />
      {send.isPending && (
        <>
          <progress aria-label="Sent" value={share} />
          <p role="status">
            {share < 1
              ? `${Math.round(share * 100)} % of ${bytes(send.variables?.size ?? 0)} sent.`
              : "Sent. The records are being read."}
          </p>
        </>
      )}
      {send.isError && <ErrorState what="The file was not taken in" error={send.error} />}
      {result && (
        <p className="vt-note" role="status">
          {`${counted(result.records, "record")} read: ${counted(result.accepted, "new event")}, ${counted(result.duplicates, "duplicate")}, ${result.quarantined} in quarantine.`}
        </p>
      )}
    </div>
  );
}
