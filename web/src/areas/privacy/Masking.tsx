import { NativeSelect } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, type ClassedField, type FieldClass } from "../../api";
import { useMay } from "../../app/session";
import { Part } from "../../ui/Page";
import { EmptyState, ErrorState, Loading } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { CLASSES, originWords } from "./words";

type Of = { connector: string; objectType: string };

/** How closely each field's values are kept, by connector and object type. */
export function Masking() {
  const masking = useQuery({ queryKey: ["masking"], queryFn: ({ signal }) => api.masking(signal) });
  const [picked, pick] = useState<Partial<Of>>({});
  const connectors = masking.data?.connectors ?? [];
  const connector = connectors.find((one) => one.connector === picked.connector) ?? connectors[0];
  const types = connector?.object_types ?? [];
  // Records that name no object stand first and are seldom what is looked for.
  const objectType = types.find((one) => one === picked.objectType) ?? types.find((one) => one !== "") ?? "";
  return (
    <Part title="Classes of fields">
      {masking.isPending && <Loading rows={2} />}
      {masking.isError && (
        <ErrorState what="The classes could not be read" error={masking.error} retry={masking.refetch} />
      )}
      {masking.data && !connector && (
        <EmptyState title="No source is connected">What a source's records hold is classed here.</EmptyState>
      )}
      {connector && (
        <>
          <div className="vt-form">
            <NativeSelect
              label="Connector"
              data={connectors.map((one) => ({
                value: one.connector,
                label: `${one.connector}: ${one.titles.join(", ")}`,
              }))}
              value={connector.connector}
              onChange={(change) => pick({ connector: change.currentTarget.value })}
            />
            <NativeSelect
              label="Object type"
              data={types.map((one) => ({ value: one, label: one || "records that name no object" }))}
              value={objectType}
              onChange={(change) => pick({ connector: connector.connector, objectType: change.currentTarget.value })}
            />
          </div>
          <Fields connector={connector.connector} objectType={objectType} />
        </>
      )}
    </Part>
  );
}

function Fields({ connector, objectType }: Of) {
  const may = useMay("masking.update");
  const fields = useQuery({
    queryKey: ["masking", connector, objectType],
    queryFn: ({ signal }) => api.maskingFields(connector, objectType, signal),
  });
  const columns: Column<ClassedField>[] = [
    { title: "Field", cell: (one) => <code>{one.field}</code> },
    {
      title: "Class",
      narrow: true,
      cell: (one) => (may ? <Pick connector={connector} objectType={objectType} field={one} /> : one.class),
    },
    { title: "Where it comes from", cell: (one) => originWords(one) },
  ];
  if (fields.isPending) return <Loading rows={4} />;
  if (fields.isError)
    return <ErrorState what="The fields could not be read" error={fields.error} retry={fields.refetch} />;
  if (fields.data.items.length === 0)
    return <EmptyState title="No fields yet">Fields stand here once an event of this type has them.</EmptyState>;
  return <Table label="Classes of fields" columns={columns} rows={fields.data.items} id={(one) => one.field} />;
}

function Pick({ connector, objectType, field }: Of & { field: ClassedField }) {
  const cache = useQueryClient();
  const change = useMutation({
    mutationFn: (picked: FieldClass | null) =>
      api.classField({ connector, object_type: objectType, field: field.field, class: picked }),
    onSettled: () => void cache.invalidateQueries({ queryKey: ["masking"] }),
  });
  return (
    <>
      <NativeSelect
        size="xs"
        aria-label={`Class of ${field.field}`}
        data={CLASSES.map((one) => ({ value: one, label: one === field.shipped ? `${one} (shipped)` : one }))}
        value={field.class}
        disabled={change.isPending}
        onChange={(picked) => {
          const chosen = picked.currentTarget.value as FieldClass;
          change.mutate(chosen === field.shipped ? null : chosen);
        }}
      />
      {change.isError && <ErrorState what="The class was not changed" error={change.error} />}
    </>
  );
}
