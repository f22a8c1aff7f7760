import { PasswordInput, TextInput } from "@mantine/core";
import type { Setting, Settings } from "../../api";
import { fieldProblem } from "../../ui/states";

type Props = {
  fields: Setting[];
  values: Settings;
  onChange: (values: Settings) => void;
  error: unknown;
  /** Secrets of an existing source stay as they are when left empty. */
  keepsSecrets?: boolean;
};

/** The form as the connector's manifest describes it. */
export function SettingFields({ fields, values, onChange, error, keepsSecrets }: Props) {
  return fields.map((field) => {
    const common = {
      label: field.title,
      description: field.help,
      required: field.required && !(keepsSecrets && field.kind === "secret"),
      value: values[field.name] ?? "",
      error: fieldProblem(error, field.name) ?? fieldProblem(error, `settings.${field.name}`),
      onChange: (typed: { currentTarget: HTMLInputElement }) =>
        onChange({ ...values, [field.name]: typed.currentTarget.value }),
    };
    return field.kind === "secret" ? (
      <PasswordInput
        key={field.name}
        {...common}
        autoComplete="off"
        placeholder={keepsSecrets ? "set; leave empty to keep it" : undefined}
      />
    ) : (
      <TextInput
        key={field.name}
        {...common}
        type={field.kind === "url" ? "url" : "text"}
        placeholder={field.example}
      />
    );
  });
}
