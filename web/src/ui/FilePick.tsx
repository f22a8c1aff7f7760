type Props = { label: string; accept?: string; disabled?: boolean; onPick: (file: File) => void };

/** The browser's own file field, so that it works by key and with every reader. */
export function FilePick({ label, accept, disabled, onPick }: Props) {
  return (
    <label className="vt-file">
      <span>{label}</span>
      <input
        type="file"
        accept={accept}
        disabled={disabled}
        onChange={(picked) => {
          const file = picked.currentTarget.files?.[0];
          if (file) onPick(file);
          picked.currentTarget.value = "";
        }}
      />
    </label>
  );
}
