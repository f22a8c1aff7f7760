import { Checkbox } from "@mantine/core";
import { EVENT_COLUMNS } from "../../ui/event/columns";
import { Menu } from "../../ui/Menu";

type Props = { chosen: string[]; onChange: (columns: string[]) => void };

export function ColumnsMenu({ chosen, onChange }: Props) {
  return (
    <Menu label="Columns">
      {() => (
        <div className="vt-checks">
          {EVENT_COLUMNS.map((column) => (
            <Checkbox
              key={column.id}
              size="xs"
              label={column.title}
              disabled={column.id === "what"}
              checked={column.id === "what" || chosen.includes(column.id)}
              onChange={(box) =>
                onChange(
                  EVENT_COLUMNS.map((one) => one.id).filter((id) =>
                    id === column.id ? box.currentTarget.checked : id === "what" || chosen.includes(id),
                  ),
                )
              }
            />
          ))}
        </div>
      )}
    </Menu>
  );
}
